import type { KnownEntry } from "./known-callers.ts";

export interface Moment {
  readonly ms: number;
  /** How often broadcasts may have been missed until then. */
  readonly gaps: number;
}

export interface Confirmation {
  readonly since: Moment;
  readonly now: Moment;
}

/** How far what is known about keys can be relied on, without visiting each. */
export interface Soundness {
  moment(this: void): Moment;
  /** Whatever org-registry changed between the two moments has been dropped: what is left and was asked for since is right. */
  confirmAll(this: void, confirmation: Confirmation): void;
  /** Broadcasts may have been missed. */
  distrustAll(): void;
  /** Until when the entry is known to have been right. */
  rightUntilMs(entry: KnownEntry): number;
  /** `usable`: it may be served while org-registry is asked about it. */
  standingOf(entry: KnownEntry): "fresh" | "usable" | "unusable";
}

export interface SoundnessDeps {
  readonly monotonicMs: () => number;
  /** As of `PrincipalsDeps`. */
  readonly freshMs: number;
  readonly maxAgeMs: number;
  readonly maxStaleMs: number;
}

export function createSoundness({ monotonicMs, freshMs, maxAgeMs, maxStaleMs }: SoundnessDeps): Soundness {
  let gaps = 0;
  let confirmed: Confirmation | null = null;
  const coverOf = ({ confirmedMs }: KnownEntry): Moment | null =>
    confirmed !== null && confirmedMs >= confirmed.since.ms ? confirmed.now : null;
  const rightUntilMs = (entry: KnownEntry): number => Math.max(entry.confirmedMs, coverOf(entry)?.ms ?? 0);
  /** Org-registry was asked about it, or about all changes, since the last gap in the broadcasts. */
  const isSound = (entry: KnownEntry): boolean => entry.gaps === gaps || coverOf(entry)?.gaps === gaps;
  return {
    moment: () => ({ ms: monotonicMs(), gaps }),
    confirmAll: (confirmation) => {
      confirmed = confirmation;
    },
    distrustAll: () => {
      gaps += 1;
    },
    rightUntilMs,
    standingOf: (entry) => {
      const nowMs = monotonicMs();
      const ageMs = nowMs - rightUntilMs(entry);
      const sound = isSound(entry);
      if (sound && ageMs < freshMs && nowMs - entry.confirmedMs < maxAgeMs) return "fresh";
      // One that was asked about since the gap, in vain, is served as well as one that is sound.
      if (!sound && entry.triedGaps !== gaps) return "unusable";
      return ageMs < (entry.retryMs === null ? 2 * freshMs : maxStaleMs) ? "usable" : "unusable";
    },
  };
}

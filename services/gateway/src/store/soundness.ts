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
  /** Org-registry was asked about it, or about all changes, since the last gap in the broadcasts. */
  isSound(entry: KnownEntry): boolean;
  /** It was asked about since the last gap, in vain. */
  wasTried(entry: KnownEntry): boolean;
}

export function createSoundness(monotonicMs: () => number): Soundness {
  let gaps = 0;
  let confirmed: Confirmation | null = null;
  const coverOf = ({ confirmedMs }: KnownEntry): Moment | null =>
    confirmed !== null && confirmedMs >= confirmed.since.ms ? confirmed.now : null;
  return {
    moment: () => ({ ms: monotonicMs(), gaps }),
    confirmAll: (confirmation) => {
      confirmed = confirmation;
    },
    distrustAll: () => {
      gaps += 1;
    },
    rightUntilMs: (entry) => Math.max(entry.confirmedMs, coverOf(entry)?.ms ?? 0),
    isSound: (entry) => entry.gaps === gaps || coverOf(entry)?.gaps === gaps,
    wasTried: ({ triedGaps }) => triedGaps === gaps,
  };
}

import type { PermitEntry } from "./permit-entry.ts";

/** Whether what is held is still ours: quota takes a gateway that is silent for 6 s for gone, and gives what it held to others. */
export interface PermitTrust {
  /** It may be used without asking: quota heard of us lately, or cannot be asked by anybody. */
  isSound(entry: PermitEntry): boolean;
  /** It was ours when quota was last heard, and nothing says that we were taken for gone. */
  isOurs(entry: PermitEntry): boolean;
  /** Quota answered a message that left at `askedMs`: it knew by then that this process is alive. */
  noteHeard(askedMs: number): void;
  /** Quota may have forgotten what it gave until now. */
  noteForgotten(): void;
  /** Call it every second: a call that is late by two tells that this process stood still. */
  noteAlive(): void;
}

const trustMs = 4_000;
const stoodStillMs = 3_000;

export function createPermitTrust(monotonicMs: () => number, isAway: () => boolean): PermitTrust {
  let heardMs = Number.NEGATIVE_INFINITY;
  let aliveMs = monotonicMs();
  /** What was confirmed before may have been given to others. */
  let distrustedMs = Number.NEGATIVE_INFINITY;

  function distrustAfterPause(nowMs: number): void {
    if (nowMs - aliveMs > stoodStillMs) aliveMs = distrustedMs = nowMs;
  }

  return {
    isSound: (entry) => {
      const nowMs = monotonicMs();
      distrustAfterPause(nowMs);
      return entry.confirmedMs >= distrustedMs && (nowMs - heardMs < trustMs || isAway());
    },
    isOurs: (entry) => entry.confirmedMs >= distrustedMs,
    noteHeard: (askedMs) => {
      // Not until `askedMs`: an answer to a question of just before may still be on its way, and confirms something.
      if (askedMs - heardMs > trustMs) distrustedMs = Math.max(distrustedMs, askedMs - trustMs);
      heardMs = Math.max(heardMs, askedMs);
    },
    noteForgotten: () => {
      distrustedMs = monotonicMs();
    },
    noteAlive: () => {
      const nowMs = monotonicMs();
      distrustAfterPause(nowMs);
      aliveMs = nowMs;
    },
  };
}

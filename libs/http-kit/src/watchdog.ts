/** Something with a deadline that moves. */
export interface Watched {
  /** Monotonic milliseconds. */
  dueAtMs: number;
  onDue(): void;
}

export interface Watchdog {
  readonly watched: Set<Watched>;
  stop(): void;
}

const sweepMs = 100;

/** One timer for all calls in flight instead of several for each: a deadline is noticed up to 100 ms late. */
export function createWatchdog(monotonicMs: () => number): Watchdog {
  const watched = new Set<Watched>();
  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    for (const one of watched) if (one.dueAtMs <= nowMs) one.onDue();
  }, sweepMs);
  return { watched, stop: () => clearInterval(timer) };
}

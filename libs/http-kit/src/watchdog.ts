/** Something with a deadline that moves. */
export interface Watched {
  /** Monotonic milliseconds. */
  dueAtMs: number;
  onDue(): void;
}

export interface Watchdog {
  watch(one: Watched): void;
  /** Before its deadline, or it is told that it is due. */
  forget(one: Watched): void;
  stop(): void;
}

const sweepMs = 100;

/**
 * One timer for all calls in flight instead of several for each: a deadline is noticed up to 100 ms late. With nothing to watch
 * it sleeps.
 */
export function createWatchdog(monotonicMs: () => number): Watchdog {
  const watched = new Set<Watched>();
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;

  function sweep(): void {
    timer = null;
    const nowMs = monotonicMs();
    for (const one of watched) if (one.dueAtMs <= nowMs) one.onDue();
    if (watched.size > 0) wake();
  }
  function wake(): void {
    if (!isStopped) timer ??= setTimeout(sweep, sweepMs);
  }

  return {
    watch: (one) => {
      watched.add(one);
      if (timer === null) wake();
    },
    forget: (one) => void watched.delete(one),
    stop: () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

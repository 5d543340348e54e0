import { LiveMap } from "@topdog/live-map/live-map";

/** Something with a deadline that moves. */
export interface Watched {
  /** Monotonic milliseconds. */
  dueAtMs: number;
  /** The watchdog's own: its number while it is watched; 0 before and after. */
  watched: number;
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
  const watched = new LiveMap<Watched>();
  let last = 0;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;

  function sweep(): void {
    timer = null;
    const nowMs = monotonicMs();
    for (const one of watched.values()) if (one.dueAtMs <= nowMs) one.onDue();
    if (watched.size > 0) wake();
  }
  function wake(): void {
    if (!isStopped) timer ??= setTimeout(sweep, sweepMs);
  }

  return {
    watch: (one) => {
      if (one.watched === 0) one.watched = last += 1;
      watched.set(one.watched, one);
      if (timer === null) wake();
    },
    forget: (one) => {
      watched.delete(one.watched);
      one.watched = 0;
    },
    stop: () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
    },
  };
}

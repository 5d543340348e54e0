import type { Timers } from "@topdog/gateway/clients/timers";

/** Time that passes only when told to; events run one after another. */
export interface SimulatedTime {
  readonly nowMs: () => number;
  /** Runs `work` so many milliseconds from now. Returns what cancels it. */
  readonly after: (delayMs: number, work: () => unknown) => () => void;
  /** Lets so much time pass, and what happens in it. */
  readonly pass: (ms: number) => Promise<void>;
}

interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly work: () => unknown;
}

/** Runs everything that follows from an event without time passing: the promises that it settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createSimulatedTime(startMs: number): SimulatedTime {
  let now = startMs;
  let order = 0;
  const pending = new Set<Happening>();

  function nextUntil(endMs: number): Happening | undefined {
    let first: Happening | undefined;
    for (const one of pending) {
      if (one.atMs > endMs) continue;
      if (first === undefined || one.atMs < first.atMs || (one.atMs === first.atMs && one.order < first.order))
        first = one;
    }
    return first;
  }

  return {
    nowMs: () => now,
    after: (delayMs, work) => {
      const happening = { atMs: now + Math.max(0, Math.ceil(delayMs)), order: (order += 1), work };
      pending.add(happening);
      return () => void pending.delete(happening);
    },
    pass: async (ms) => {
      const endMs = now + ms;
      for (let next = nextUntil(endMs); next !== undefined; next = nextUntil(endMs)) {
        pending.delete(next);
        now = next.atMs;
        await next.work();
        await settled();
      }
      now = endMs;
    },
  };
}

/** A process's timers on simulated time: they end with the process. */
export const processTimersOf = (time: SimulatedTime, isAlive: () => boolean): Timers => {
  const after: Timers["after"] = (delayMs, work) => time.after(delayMs, () => (isAlive() ? work() : undefined));
  return { after, soon: (work) => void after(0, work) };
};

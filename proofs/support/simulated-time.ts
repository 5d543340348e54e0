import type { Timers } from "@topdog/gateway/clients/timers";

/** Time that passes only when told to; events run one after another. */
export interface SimulatedTime {
  readonly nowMs: () => number;
  /** Runs `work` so many milliseconds from now. Returns what cancels it. */
  readonly after: (delayMs: number, work: () => void) => () => void;
  /** Lets so much time pass, and what happens in it. */
  readonly pass: (ms: number) => Promise<void>;
  /** An event settled a promise: what follows from that is awaited before the next event. */
  readonly stir: () => void;
  /** Any event may settle this promise, without a word: until one does, what follows from each event is awaited. */
  readonly expect: <T>(promise: Promise<T>) => Promise<T>;
}

interface Happening {
  readonly atMs: number;
  readonly order: number;
  work: (() => void) | null;
}

/** Runs everything that follows from an event without time passing: the promises that it settled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isBefore = (a: Happening, b: Happening): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** What is to happen, the earliest first: a binary heap. */
function createAgenda(): {
  add: (one: Happening) => void;
  first: () => Happening | undefined;
  removeFirst: () => void;
} {
  const heap: Happening[] = [];
  const at = (index: number): Happening => heap[index] as Happening;
  const swap = (a: number, b: number): void => {
    const one = at(a);
    heap[a] = at(b);
    heap[b] = one;
  };
  const sink = (): void => {
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && isBefore(at(child), at(least))) least = child;
      }
      if (least === index) return;
      swap(index, least);
      index = least;
    }
  };
  return {
    add: (one) => {
      heap.push(one);
      for (let index = heap.length - 1; index > 0;) {
        const parent = (index - 1) >> 1;
        if (!isBefore(at(index), at(parent))) return;
        swap(index, parent);
        index = parent;
      }
    },
    first: () => heap[0],
    removeFirst: () => {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return;
      heap[0] = last;
      sink();
    },
  };
}

/** `isBusy`: something that is not simulated, such as a database, is at work: time stands still until it has answered. */
export function createSimulatedTime(startMs: number, isBusy: () => boolean = () => false): SimulatedTime {
  const agenda = createAgenda();
  let now = startMs;
  let order = 0;
  let expected = 0;
  let isStirred = false;

  async function settle(): Promise<void> {
    isStirred = false;
    await settled();
    while (isBusy()) await settled();
  }

  return {
    nowMs: () => now,
    after: (delayMs, work) => {
      const happening: Happening = { atMs: now + Math.max(0, delayMs), order: (order += 1), work };
      agenda.add(happening);
      return () => {
        happening.work = null;
      };
    },
    stir: () => {
      isStirred = true;
    },
    expect: (promise) => {
      expected += 1;
      const forget = (): void => {
        expected -= 1;
      };
      promise.then(forget, forget);
      return promise;
    },
    pass: async (ms) => {
      const endMs = now + ms;
      await settle();
      for (let next = agenda.first(); next !== undefined && next.atMs <= endMs; next = agenda.first()) {
        agenda.removeFirst();
        if (next.work === null) continue;
        now = next.atMs;
        const wasExpected = expected > 0;
        next.work();
        if (isStirred || wasExpected || isBusy()) await settle();
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

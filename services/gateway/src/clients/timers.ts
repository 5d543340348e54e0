/** This process's timers, as a dependency: a simulation runs the same code on a clock of its own. */
export interface Timers {
  /** Runs at the end of this turn of the event loop. */
  soon(work: () => void): void;
  /** Returns what cancels it. */
  after(delayMs: number, work: () => void): () => void;
}

export const processTimers: Timers = {
  soon: (work) => void setImmediate(work),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

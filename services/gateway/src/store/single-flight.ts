/** One piece of work for each key at a time, and a bounded number in all: a second request for a key gets the same promise. */
export interface SingleFlight<T> {
  /** Null when too much is under way. */
  run(key: string, work: () => Promise<T>): Promise<T> | null;
}

export function createSingleFlight<T>(maxInFlight: number): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run: (key, work) => {
      const known = running.get(key);
      if (known !== undefined) return known;
      if (running.size >= maxInFlight) return null;
      const started = work().finally(() => running.delete(key));
      running.set(key, started);
      return started;
    },
  };
}

/** Lets a bounded number of holders go on at once; the others wait, first come first served. */
export interface Turns {
  /** Resolves to how the turn is given up, once; to null when the signal comes first. */
  take(signal: AbortSignal): Promise<(() => void) | null>;
}

export function createTurns(max: number): Turns {
  let taken = 0;
  const waiting = new Set<() => void>();
  const giveUp = (): void => {
    const [next] = waiting;
    if (next === undefined) taken -= 1;
    else next();
  };
  return {
    take: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(null);
        if (taken < max) {
          taken += 1;
          return resolve(giveUp);
        }
        const leave = (): void => {
          waiting.delete(go);
          resolve(null);
        };
        const go = (): void => {
          waiting.delete(go);
          signal.removeEventListener("abort", leave);
          resolve(giveUp);
        };
        signal.addEventListener("abort", leave, { once: true });
        waiting.add(go);
      }),
  };
}

/** How fast tokens of a bucket are taken: counts of whole seconds, kept lazily. */
export interface TakeRate {
  second: number;
  takenThisSecond: number;
  takenLastSecond: number;
}

export const newTakeRate = (): TakeRate => ({ second: 0, takenThisSecond: 0, takenLastSecond: 0 });

export function noteTaken(rate: TakeRate, monotonicMs: number): void {
  const second = Math.floor(monotonicMs / 1000);
  if (second !== rate.second) {
    rate.takenLastSecond = second === rate.second + 1 ? rate.takenThisSecond : 0;
    rate.takenThisSecond = 0;
    rate.second = second;
  }
  rate.takenThisSecond += 1;
}

const maxWant = 10_000;

/** How many tokens should be held: those of the last second, and one more than calls are waiting. */
export function wantedTokens(rate: TakeRate, monotonicMs: number, waiting: number): number {
  const age = Math.floor(monotonicMs / 1000) - rate.second;
  const recent =
    age === 0 ? Math.max(rate.takenThisSecond, rate.takenLastSecond) : age === 1 ? rate.takenThisSecond : 0;
  return Math.min(maxWant, recent + waiting + 1);
}

/** How fast tokens of a bucket are taken: counts per whole second, updated only when read or added to. */
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

/** Tokens taken in the last whole second, or in the one that goes on if that is more. */
export function recentTakes(rate: TakeRate, monotonicMs: number): number {
  const age = Math.floor(monotonicMs / 1000) - rate.second;
  if (age > 1) return 0;
  return age === 1 ? rate.takenThisSecond : Math.max(rate.takenThisSecond, rate.takenLastSecond);
}

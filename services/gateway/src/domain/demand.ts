/** How fast tokens of a bucket are taken: counts of whole seconds, kept lazily. */
export interface Demand {
  second: number;
  takenThisSecond: number;
  takenLastSecond: number;
}

export const newDemand = (): Demand => ({ second: 0, takenThisSecond: 0, takenLastSecond: 0 });

export function noteTaken(demand: Demand, monotonicMs: number): void {
  const second = Math.floor(monotonicMs / 1000);
  if (second !== demand.second) {
    demand.takenLastSecond = second === demand.second + 1 ? demand.takenThisSecond : 0;
    demand.takenThisSecond = 0;
    demand.second = second;
  }
  demand.takenThisSecond += 1;
}

const maxWant = 10_000;

/** How many tokens should be held: those of the last second, and one more than calls are waiting. */
export function wantedTokens(demand: Demand, monotonicMs: number, waiting: number): number {
  const age = Math.floor(monotonicMs / 1000) - demand.second;
  const recent =
    age === 0 ? Math.max(demand.takenThisSecond, demand.takenLastSecond) : age === 1 ? demand.takenThisSecond : 0;
  return Math.min(maxWant, recent + waiting + 1);
}

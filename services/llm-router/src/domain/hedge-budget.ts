import type { HedgingPolicy } from "./routing-policy.ts";

/** Keeps second attempts within an operator's shares of calls and of cost. Of this router alone. */
export interface HedgeBudget {
  /** A call that may be hedged has begun. */
  called(): void;
  /** A call is over, and cost so much. 1e-9 US dollars, as all of these. */
  spent(nanoUsd: number): void;
  /** Whether one more may be started that will cost about so much; if so, it is accounted for. */
  take(expectedNanoUsd: number): boolean;
}

export const neverHedged = { maxCallShare: 0, maxCostShare: 0 };

/** What is not used is kept, up to so many second attempts, and up to so many dollars. */
const maxCalls = 20;
const maxNanoUsd = 1_000_000_000;

/** Nothing may be hedged before calls have earned it, so that the shares hold from the first call on. */
export function createHedgeBudget({
  maxCallShare,
  maxCostShare,
}: Pick<HedgingPolicy, "maxCallShare" | "maxCostShare">): HedgeBudget {
  let calls = 0;
  let nanoUsd = 0;
  return {
    called: () => void (calls = Math.min(calls + maxCallShare, maxCalls)),
    spent: (cost) => void (nanoUsd = Math.min(nanoUsd + cost * maxCostShare, maxNanoUsd)),
    take(expected) {
      if (calls < 1 || nanoUsd < expected) return false;
      calls -= 1;
      nanoUsd -= expected;
      return true;
    },
  };
}

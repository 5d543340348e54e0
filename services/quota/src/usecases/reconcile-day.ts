import type { Database } from "@topdog/postgres/pool";
import { type DayGap, type DaySums, findGapsOfDay, sumDay } from "../store/reconciliation.ts";

export interface DayProof {
  readonly sums: DaySums;
  readonly gaps: readonly DayGap[];
}

/** Proves a day from its rows alone, in one snapshot: nothing that is kept besides them is believed. */
export async function reconcileDay(db: Database, day: string): Promise<DayProof> {
  return db.transaction(
    async (trx) => {
      const sums = await sumDay(trx, day);
      const gaps = [...(await findGapsOfDay(trx, day))];
      if (sums.completedCalls !== sums.rolledUpCalls)
        gaps.push({
          owner: "",
          meter: "api_calls",
          leaseId: null,
          member: null,
          guarantee: "roll-ups are the sum of the ledger",
          expected: sums.completedCalls,
          actual: sums.rolledUpCalls,
        });
      return { sums, gaps };
    },
    { isolationLevel: "repeatable read" },
  );
}

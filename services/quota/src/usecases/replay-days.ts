import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { type DayRange, type Difference, findDifferences, swapIn } from "../store/replay.ts";

/**
 * Rebuilds the counters, leases and sums of these days from the ledger, and says what differs; with `swap` it then puts the rebuilt ones in their
 * place. Throws AppError 400 when the days are not over: only then does nothing write them.
 */
export async function replayDays(db: Database, range: DayRange, swap: boolean): Promise<readonly Difference[]> {
  return inTransaction(db, async (trx) => {
    const { rows } = await trx.raw<{ rows: { over: boolean }[] }>("select ?::date < utc_today() - 1 as over", [
      range.to,
    ]);
    if (swap && rows[0]?.over !== true)
      throw new AppError("invalid_request", {
        detail: "Only days before yesterday are swapped: the others are still written.",
      });
    // Late records wait for the end of this transaction.
    if (swap) await trx.raw("lock table ledger in share row exclusive mode");
    const differences = await findDifferences(trx, range);
    if (swap && differences.length > 0) await swapIn(trx, range);
    return differences;
  });
}

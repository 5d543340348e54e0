import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import type { UsageGrain } from "../domain/usage-query.ts";
import { dropOldPartitions, forgetOldDays } from "../store/retention.ts";
import { foldUsage, forgetUsage } from "../store/usage-rollups.ts";
import { listMemberDays, lockUsageSums, type MemberDay, tellUsageSums } from "../store/usage-sums.ts";

const deltasPerPass = 5_000;
const sumsPerPass = 5_000;
/** Longer than the history may be asked for: 31 days by hour, 400 by day. */
const keptDays: Readonly<Record<UsageGrain, number>> = { hour: 100, day: 800 };

/** Adds what was completed to the sums by hour and day, until nothing is left or the time is over. */
export async function foldAllUsage(db: Database, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await foldUsage(db, deltasPerPass)) === deltasPerPass);
}

/** Removes sums that nobody can ask for any more. */
export async function forgetOldUsage(db: Database, signal: AbortSignal): Promise<void> {
  for (const grain of ["hour", "day"] as const) {
    while (!signal.aborted && (await forgetUsage(db, grain, keptDays[grain], sumsPerPass)) === sumsPerPass);
  }
}

const rowsPerPass = 2_000;

/** Removes the days before the kept ones: first the ledger, then what only made sense beside it. Sums of usage are kept for longer. */
export async function forgetLedgerDays(db: Database, keptDays: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await dropOldPartitions(db, keptDays)) > 0);
  while (!signal.aborted && (await forgetOldDays(db, keptDays, rowsPerPass)) > 0);
}

const membersPerPass = 500;

export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** Tells again what the next members after one used on some days. Returns the last of them, null when there are no more, and how many. */
export const tellUsagePage = (
  db: Database,
  days: DayRange,
  after: MemberDay | null,
): Promise<{ readonly after: MemberDay | null; readonly told: number }> =>
  inTransaction(db, async (trx) => {
    await lockUsageSums(trx);
    const page = await listMemberDays(trx, days, after, membersPerPass);
    await tellUsageSums(trx, page);
    return { after: page.length < membersPerPass ? null : (page.at(-1) ?? null), told: page.length };
  });

/** Tells again what members used on some days, both ends counted, after the bus lost events. Returns how many members' days. */
export async function tellUsageAgain(db: Database, days: DayRange): Promise<number> {
  let told = 0;
  for (let after: MemberDay | null = null; ;) {
    const page: Awaited<ReturnType<typeof tellUsagePage>> = await tellUsagePage(db, days, after);
    told += page.told;
    after = page.after;
    if (after === null) return told;
  }
}

import type { Database } from "@topdog/postgres/pool";
import type { UsageGrain } from "../domain/usage-query.ts";
import { foldUsage, forgetUsage } from "../store/usage-rollups.ts";

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

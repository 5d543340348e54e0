import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Database } from "@topdog/postgres/pool";
import { countedCallOf } from "../domain/daily-usage.ts";
import { countCalls } from "../store/daily-usage.ts";
import { change } from "./change.ts";

/** Adds calls to the days of their tenants, each once however often it is told. */
export const countUsage = (db: Database, usages: readonly UsageConsumed[]): Promise<void> =>
  change({ db, nowMs: Date.now }, "everyone", (trx) => countCalls(trx, usages.map(countedCallOf)));

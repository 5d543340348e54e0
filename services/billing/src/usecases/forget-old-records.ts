import type { Database } from "@topdog/postgres/pool";
import { forgetUsageParts } from "../store/plan-costs.ts";
import { deleteOldEvents } from "../store/webhook-events.ts";

/** Deletes what can no longer be repeated, a bounded number at a time. */
export async function forgetOldRecords(db: Database): Promise<void> {
  await deleteOldEvents(db);
  await forgetUsageParts(db);
}

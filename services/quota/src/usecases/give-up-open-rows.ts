import type { QuotaDeps } from "./deps.ts";

const rowsPerPass = 5_000;

/** Marks admitted calls unknown whose usage record did not come within the deadline. */
export async function giveUpOpenRows({ store, metrics, logger }: QuotaDeps, usageDeadlineMs: number): Promise<void> {
  const rows = await store.markUnknown(usageDeadlineMs, rowsPerPass);
  metrics.ledgerRows.inc({ outcome: "unknown" }, rows);
  if (rows > 0) logger.error({ rows }, "calls were admitted and never accounted for");
}

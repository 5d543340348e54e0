import type { Database } from "@topdog/postgres/pool";
import type { Job } from "@topdog/service/job";
import { deleteOldCounted } from "../store/daily-usage.ts";
import { type CompareUsageDeps, createUsageComparison } from "../usecases/compare-usage.ts";

/** Each instance shows what it found in its own metrics. */
export const compareUsageJob = (deps: CompareUsageDeps): Job => ({
  name: "compare-usage",
  intervalMs: 10_000,
  timeoutMs: 20_000,
  owner: "each",
  run: createUsageComparison(deps),
});

export const forgetCountedJob = (db: Database): Job => ({
  name: "forget-counted",
  intervalMs: 60_000,
  timeoutMs: 20_000,
  owner: "one",
  run: () => deleteOldCounted(db),
});

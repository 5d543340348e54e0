import type { Job } from "@topdog/service/job";
import { type CompareUsageDeps, createUsageComparison } from "../usecases/compare-usage.ts";

/** Each instance shows what it found in its own metrics. */
export const compareUsageJob = (deps: CompareUsageDeps): Job => ({
  name: "compare-usage",
  intervalMs: 10_000,
  timeoutMs: 20_000,
  owner: "each",
  run: createUsageComparison(deps),
});

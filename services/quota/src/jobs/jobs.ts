import type { Database } from "@topdog/postgres/pool";
import type { Job } from "@topdog/service/job";
import { forgetPermits } from "../store/permits.ts";
import { foldAllUsage, forgetOldUsage } from "../usecases/keep-usage.ts";
import { giveUpOpenRows } from "../usecases/give-up-open-rows.ts";
import { makePartitions } from "../usecases/make-partitions.ts";
import { closeAbandonedLeasesJob, type CloseAbandonedLeasesDeps } from "./close-abandoned-leases.ts";

export interface JobsDeps extends CloseAbandonedLeasesDeps {
  readonly usageDeadlineMs: number;
  readonly db: Database;
  readonly measureConsistency: () => Promise<unknown>;
}

/** The periodic work of this service. A job that fails could not reach the database, so gateways could not be heard either. */
export function createJobs({ db, usageDeadlineMs, measureConsistency, ...options }: JobsDeps): Job[] {
  const { deps, listening } = options;
  const jobs: Job[] = [
    closeAbandonedLeasesJob(options),
    {
      name: "fold-usage",
      intervalMs: 1_000,
      timeoutMs: 20_000,
      owner: "one",
      run: (signal) => foldAllUsage(db, signal),
    },
    {
      name: "forget-usage",
      intervalMs: 600_000,
      timeoutMs: 20_000,
      owner: "one",
      run: (signal) => forgetOldUsage(db, signal),
    },
    {
      name: "give-up-open-rows",
      intervalMs: 5_000,
      timeoutMs: 20_000,
      owner: "one",
      run: () => giveUpOpenRows(deps, usageDeadlineMs),
    },
    // Each instance shows the indicator in its own metrics.
    {
      name: "measure-consistency",
      intervalMs: 10_000,
      timeoutMs: 20_000,
      owner: "each",
      run: () => measureConsistency(),
    },
    {
      name: "make-partitions",
      intervalMs: 3_600_000,
      timeoutMs: 20_000,
      owner: "one",
      run: () => makePartitions(deps.store),
    },
    {
      name: "forget-gateways",
      intervalMs: 3_600_000,
      timeoutMs: 20_000,
      owner: "one",
      run: () => deps.store.forgetGateways(),
    },
    {
      name: "forget-permits",
      intervalMs: 600_000,
      timeoutMs: 20_000,
      owner: "one",
      run: () => forgetPermits(db),
    },
  ];
  return jobs.map((job) => ({
    ...job,
    run: async (signal) => {
      try {
        await job.run(signal);
      } catch (error) {
        listening.interrupted();
        throw error;
      }
    },
  }));
}

import type { Database } from "@topdog/postgres/pool";
import type { Job } from "@topdog/service/job";
import { forgetPermits } from "../store/permits.ts";
import { hasMeteringToProve } from "../store/metering-proof.ts";
import { hasUsageToFold } from "../store/usage-rollups.ts";
import { foldAllUsage, forgetLedgerDays, forgetOldUsage } from "../usecases/keep-usage.ts";
import { giveUpOpenRows } from "../usecases/give-up-open-rows.ts";
import { proveAllMetering } from "../usecases/measure-consistency.ts";
import { makePartitions } from "../usecases/make-partitions.ts";
import { createStoreTeller } from "../usecases/tell-new-store.ts";
import { keepListeningJob } from "./keep-listening.ts";
import { closeAbandonedLeasesJob, type CloseAbandonedLeasesDeps } from "./close-abandoned-leases.ts";

export interface JobsDeps extends CloseAbandonedLeasesDeps {
  readonly usageDeadlineMs: number;
  readonly ledgerKeptDays: number;
  readonly db: Database;
  readonly measureConsistency: () => Promise<unknown>;
  /** When the bus's store came to be. */
  readonly storeCreated: () => Promise<string>;
}

/** The periodic work of this service. */
export function createJobs({
  db,
  usageDeadlineMs,
  ledgerKeptDays,
  measureConsistency,
  storeCreated,
  ...options
}: JobsDeps): Job[] {
  const { deps, listening } = options;
  const teller = createStoreTeller(db, storeCreated);
  return [
    keepListeningJob(deps.store, listening),
    closeAbandonedLeasesJob(options),
    {
      name: "fold-usage",
      intervalMs: 1_000,
      timeoutMs: 20_000,
      owner: "one",
      isDue: () => hasUsageToFold(db),
      run: (signal) => foldAllUsage(db, signal),
    },
    {
      name: "prove-metering",
      intervalMs: 1_000,
      timeoutMs: 20_000,
      owner: "one",
      isDue: () => hasMeteringToProve(db),
      run: (signal) => proveAllMetering(db, signal),
    },
    {
      name: "tell-new-store",
      intervalMs: 30_000,
      timeoutMs: 20_000,
      owner: "one",
      run: (signal) => teller.run(signal),
    },
    {
      name: "forget-usage",
      intervalMs: 600_000,
      timeoutMs: 20_000,
      owner: "one",
      run: (signal) => forgetOldUsage(db, signal),
    },
    {
      name: "forget-ledger-days",
      intervalMs: 600_000,
      timeoutMs: 20_000,
      owner: "one",
      run: (signal) => forgetLedgerDays(db, ledgerKeptDays, signal),
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
}

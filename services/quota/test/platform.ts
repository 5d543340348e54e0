import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { LeaseGrant, LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { Database } from "@topdog/postgres/pool";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { createQuotaMetrics } from "../src/metrics.ts";
import { createQuotaStore } from "../src/store/quota-store.ts";
import type { QuotaDeps } from "../src/usecases/deps.ts";
import { createPresence } from "../src/usecases/gateway-presence.ts";
import { synchronizeLeases } from "../src/usecases/sync-leases.ts";

export const migrations = new URL("../migrations/", import.meta.url);

export interface QuotaOnPostgres extends TestDatabase {
  readonly deps: QuotaDeps;
  /** What gateways were told, in order. */
  readonly recalls: QuotaRecalled[];
  /** One gateway's message with one report. */
  sync(gatewayId: string, report: Partial<LeaseReport> & Pick<LeaseReport, "owner">): Promise<LeaseGrant>;
  violations(): Promise<unknown[]>;
}

/** The use cases over a database of their own, without the bus. */
export async function quotaOnPostgres(): Promise<QuotaOnPostgres> {
  const database = await testDatabase({ migrations });
  const { db } = database;
  const store = createQuotaStore(db);
  const recalls: QuotaRecalled[] = [];
  const deps: QuotaDeps = {
    store,
    presence: createPresence(store, () => performance.now()),
    metrics: createQuotaMetrics(createMetrics("quota")),
    logger: silentLogger(),
    recall: (signal) => void recalls.push(signal),
    usageNews: { used: () => undefined, completed: () => undefined },
  };
  return {
    ...database,
    deps,
    recalls,
    sync: async (gatewayId, report) => {
      const lease = {
        meter: "api_calls" as const,
        leaseId: null,
        used: 0,
        returned: 0,
        want: 0,
        close: false,
        ...report,
      };
      const { leases } = await synchronizeLeases(deps, { gatewayId, leases: [lease] });
      const grant = leases[0];
      if (grant === undefined) throw new Error("no grant was answered");
      return grant;
    },
    violations: () => readViolations(db),
  };
}

export async function readViolations(db: Database): Promise<unknown[]> {
  const { rows } = await db.raw<{ rows: unknown[] }>("select * from invariant_violation");
  return rows;
}

import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { QuotaSync } from "@topdog/gateway/clients/quota-sync";
import type { Bucket } from "@topdog/quota/domain/bucket";
import type { Lease } from "@topdog/quota/domain/lease";
import { createQuotaMetrics } from "@topdog/quota/metrics";
import { createQuotaStore, type QuotaStore } from "@topdog/quota/store/quota-store";
import { applySubscription } from "@topdog/quota/usecases/apply-subscription";
import { closeAbandonedLeases } from "@topdog/quota/usecases/close-abandoned-leases";
import type { QuotaDeps } from "@topdog/quota/usecases/deps";
import { createPresence } from "@topdog/quota/usecases/gateway-presence";
import { recordUsage } from "@topdog/quota/usecases/record-usage";
import { synchronizeLeases } from "@topdog/quota/usecases/sync-leases";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { PlanId } from "@topdog/contracts/plans";
import type { Database } from "@topdog/postgres/pool";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { type DatabaseClock, openMemoryDatabase } from "./memory-store.ts";
import { emptyTables, type MemoryTables } from "./memory-tables.ts";

export type BucketState = Pick<Bucket, "owner" | "meter" | "day" | "limit" | "settled" | "escrow">;
export type LeaseState = Omit<Lease, "window"> & { readonly window: number };

/** quota's tables at a moment. */
export interface QuotaState {
  readonly buckets: readonly BucketState[];
  readonly leases: readonly LeaseState[];
  /** `leaseId:seq` of each charge, and of each that was given back. */
  readonly charges: readonly string[];
  readonly refunds: readonly string[];
  /** Broken invariants of the database itself. */
  readonly violations: readonly unknown[];
}

/** quota's real use cases over one of its stores. */
export interface QuotaUnderTest {
  readonly sync: QuotaSync;
  recordUsage(usages: readonly UsageConsumed[]): Promise<readonly string[]>;
  setPlan(owner: string, plan: PlanId, seats: number): Promise<void>;
  /** Closes the leases of gateways that were silent for ten seconds. */
  closeAbandoned(): Promise<void>;
  markUnknown(): Promise<void>;
  state(): Promise<QuotaState>;
}

const gatewayTimeoutMs = 10_000;

interface UnderTest {
  readonly store: QuotaStore;
  readonly nowMs: DatabaseClock;
  readonly recall: (signal: QuotaRecalled) => void;
  readonly state: () => Promise<QuotaState>;
}

function quotaOver({ store, nowMs, recall, state }: UnderTest): QuotaUnderTest {
  const deps: QuotaDeps = {
    store,
    presence: createPresence(store, nowMs),
    metrics: createQuotaMetrics(createMetrics("quota")),
    logger: silentLogger(),
    recall,
    usageNews: { used: () => undefined, completed: () => undefined },
  };
  let version = 0;
  return {
    sync: (request) => synchronizeLeases(deps, request),
    recordUsage: async (usages) => {
      const { rejected } = await recordUsage(deps, usages, nowMs());
      return [...rejected.values()].map((error) => error.message);
    },
    setPlan: async (owner, plan, seats) => {
      version += 1;
      const changedAt = "2026-11-22T10:00:00.000Z";
      const subscription = { owner, version, plan, interval: "month", seats, status: "active", changedAt } as const;
      const touched = await store.transaction((tx) => applySubscription(tx, subscription));
      for (const bucket of touched) recall({ ...bucket, reason: "limit_changed" });
    },
    closeAbandoned: async () => void (await closeAbandonedLeases(deps, gatewayTimeoutMs)),
    markUnknown: async () => void (await store.markUnknown(0, 1_000)),
    state,
  };
}

/** Thousands of histories a minute. */
export function quotaInMemory(
  nowMs: DatabaseClock,
  recall: (signal: QuotaRecalled) => void,
  tables: MemoryTables = emptyTables(),
): QuotaUnderTest {
  const state = (): Promise<QuotaState> =>
    Promise.resolve({
      buckets: [...tables.buckets.values()].map(({ owner, meter, day, limit, settled, escrow }) => ({
        owner,
        meter,
        day,
        limit,
        settled,
        escrow,
      })),
      leases: [...tables.leases.values()].map(({ touchedAtMs: _touched, ...lease }) => lease),
      charges: entriesOf(tables, "charge"),
      refunds: entriesOf(tables, "refund"),
      violations: [],
    });
  return quotaOver({ store: openMemoryDatabase(tables, nowMs)(), nowMs, recall, state });
}

const entriesOf = ({ ledger }: MemoryTables, entry: "charge" | "refund"): string[] =>
  [...ledger.values()].filter((row) => row.entry === entry).map((row) => `${row.leaseId}:${row.seq}`);

export const migrations = new URL("../../services/quota/migrations/", import.meta.url);

/** quota on Postgres as it is, by the database's real clock. Each call is another instance of the service. */
export const quotaOverDatabase = (db: Database): QuotaUnderTest =>
  quotaOver({
    store: createQuotaStore(db),
    nowMs: Date.now,
    recall: () => undefined,
    state: () => readState(db),
  });

async function readState(db: Database): Promise<QuotaState> {
  const rowsOf = async <T>(sql: string): Promise<T[]> => (await db.raw<{ rows: T[] }>(sql)).rows;
  const entries = await rowsOf<{ id: string; entry: string }>(
    "select lease_id || ':' || seq as id, entry from ledger order by lease_id, seq",
  );
  const of = (entry: string): string[] => entries.filter((row) => row.entry === entry).map(({ id }) => id);
  return {
    buckets: await rowsOf<BucketState>(
      `select owner, meter, day::text as day, daily_limit as "limit", settled, escrow from bucket`,
    ),
    leases: await rowsOf<LeaseState>(
      `select lease_id::text as "leaseId", owner, meter, day::text as day, gateway_id as "gatewayId", member, size, acked, reported,
         highest_seq as highest, returned, burned, credit_window as "window", state, final_used as "finalUsed" from lease`,
    ),
    charges: of("charge"),
    refunds: of("refund"),
    violations: await rowsOf("select * from invariant_violation"),
  };
}

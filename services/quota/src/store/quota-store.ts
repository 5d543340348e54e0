import { quotaExhausted } from "@topdog/contracts/events/quota-exhausted";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import type { Bucket, BucketKey, Counter } from "../domain/bucket.ts";
import type { CreatedLease, Lease } from "../domain/lease.ts";
import type { Entitlement, PlannedBucket } from "../domain/planned-bucket.ts";
import {
  changeLimits,
  type Clock,
  findMissingBuckets,
  insertBuckets,
  type LockedBuckets,
  lockBuckets,
  lockSubscribedBuckets,
  readClock,
} from "./buckets.ts";
import { lockEntitlements, type Subscription, upsertEntitlement } from "./entitlements.ts";
import { forgetGateways, touchGateway } from "./gateways.ts";
import { findAbandonedLeases, readLeases, skipLostLeaseIds } from "./leases.ts";
import {
  completeCharges,
  ensurePartitions,
  insertAdmitted,
  insertCharges,
  type Inserted,
  insertRefunds,
  markUnknown,
  type SeqRange,
  type UsageEntry,
} from "./ledger.ts";
import { applyMovements, type Movements } from "./movements.ts";

/** What a use case does to quota's tables within one transaction. */
export interface QuotaTransaction {
  readonly lockBuckets: (counters: readonly Counter[], leaseIds: readonly string[]) => Promise<LockedBuckets>;
  readonly readLeases: (leaseIds: readonly string[], buckets: readonly BucketKey[]) => Promise<Lease[]>;
  readonly skipLostLeaseIds: (held: readonly string[], ended: readonly string[]) => Promise<boolean>;
  readonly insertAdmitted: (ranges: readonly SeqRange[]) => Promise<Inserted>;
  readonly insertCharges: (entries: readonly UsageEntry[]) => Promise<Inserted>;
  readonly completeCharges: (entries: readonly UsageEntry[]) => Promise<ReadonlySet<string>>;
  readonly insertRefunds: (entries: readonly UsageEntry[]) => Promise<Inserted>;
  readonly applyMovements: (movements: Movements) => Promise<CreatedLease[]>;
  /** Appends `quota.exhausted` to the outbox. */
  readonly publishExhausted: (buckets: readonly Bucket[]) => Promise<void>;
  readonly lockEntitlements: (owners: readonly string[]) => Promise<Entitlement[]>;
  /** Those that have no bucket today. */
  readonly findMissingBuckets: (counters: readonly Counter[]) => Promise<Counter[]>;
  readonly insertBuckets: (buckets: readonly PlannedBucket[]) => Promise<void>;
  readonly upsertEntitlement: (subscription: Subscription) => Promise<boolean>;
  readonly lockSubscribedBuckets: (subscriptionOwner: string) => Promise<Bucket[]>;
  readonly changeLimits: (buckets: readonly Bucket[]) => Promise<void>;
  readonly findAbandonedLeases: (timeoutMs: number, most: number) => Promise<string[]>;
}

export interface QuotaStore {
  /** May run `work` again after a conflict: it must have no effect outside. */
  readonly transaction: <T>(work: (tx: QuotaTransaction) => Promise<T>) => Promise<T>;
  /** By itself: rows that are there already are filled under no bucket's lock. */
  readonly completeCharges: QuotaTransaction["completeCharges"];
  readonly readClock: () => Promise<Clock>;
  readonly touchGateway: (gatewayId: string) => Promise<void>;
  readonly forgetGateways: () => Promise<void>;
  readonly markUnknown: (deadlineMs: number, most: number) => Promise<number>;
  readonly ensurePartitions: (daysAhead: number) => Promise<number>;
}

/** The use cases' statements within a transaction that somebody else began. */
export const quotaTransaction = (trx: Transaction): QuotaTransaction => ({
  lockBuckets: (counters, leaseIds) => lockBuckets(trx, counters, leaseIds),
  readLeases: (leaseIds, buckets) => readLeases(trx, leaseIds, buckets),
  skipLostLeaseIds: (held, ended) => skipLostLeaseIds(trx, held, ended),
  insertAdmitted: (ranges) => insertAdmitted(trx, ranges),
  insertCharges: (entries) => insertCharges(trx, entries),
  completeCharges: (entries) => completeCharges(trx, entries),
  insertRefunds: (entries) => insertRefunds(trx, entries),
  applyMovements: (movements) => applyMovements(trx, movements),
  publishExhausted: async (buckets) => {
    for (const { owner, meter, day, limit } of buckets) {
      await appendOutbox(trx, quotaExhausted, { owner, meter, day, limit, at: new Date().toISOString() });
    }
  },
  lockEntitlements: (owners) => lockEntitlements(trx, owners),
  findMissingBuckets: (counters) => findMissingBuckets(trx, counters),
  insertBuckets: (buckets) => insertBuckets(trx, buckets),
  upsertEntitlement: (subscription) => upsertEntitlement(trx, subscription),
  lockSubscribedBuckets: (subscriptionOwner) => lockSubscribedBuckets(trx, subscriptionOwner),
  changeLimits: (buckets) => changeLimits(trx, buckets),
  findAbandonedLeases: (timeoutMs, most) => findAbandonedLeases(trx, timeoutMs, most),
});

export const createQuotaStore = (db: Database): QuotaStore => ({
  transaction: (work) => inTransaction(db, (trx) => work(quotaTransaction(trx))),
  completeCharges: (entries) => completeCharges(db, entries),
  readClock: () => readClock(db),
  touchGateway: (gatewayId) => touchGateway(db, gatewayId),
  forgetGateways: () => forgetGateways(db),
  markUnknown: (deadlineMs, most) => inTransaction(db, (trx) => markUnknown(trx, deadlineMs, most)),
  ensurePartitions: (daysAhead) => inTransaction(db, (trx) => ensurePartitions(trx, daysAhead)),
});

import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import type { Bucket, BucketKey } from "../domain/bucket.ts";
import type { CreatedLease, Lease } from "../domain/lease.ts";
import type { LostLease } from "../domain/lost-history.ts";
import type { AskedCounter, Entitlement, PlannedBucket } from "../domain/planned-bucket.ts";
import type { DrawChange } from "../domain/tally.ts";
import { publishExhausted } from "./announcements.ts";
import {
  changeLimits,
  findMissingBuckets,
  insertBuckets,
  type LockedBuckets,
  lockBuckets,
  lockSubscribedBuckets,
  type MissingBucket,
  readClock,
  type ServerClock,
} from "./buckets.ts";
import { applyDraws, type DrawOfBucket, readDraws } from "./draws.ts";
import { lockEntitlements, type Subscription, upsertEntitlement } from "./entitlements.ts";
import { forgetGateways, touchGateway } from "./gateways.ts";
import {
  type AskedBucket,
  beginLeaseEpoch,
  drawFirstId,
  type DrawFirstId,
  findAbandonedLeases,
  type HeldLeases,
  readHeldLeases,
  readLeases,
  remakeLeases,
  skipLostLeaseIds,
} from "./leases.ts";
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
  readonly lockBuckets: (counters: readonly AskedCounter[], leaseIds: readonly string[]) => Promise<LockedBuckets>;
  readonly readLeases: (leaseIds: readonly string[]) => Promise<Lease[]>;
  readonly readHeldLeases: (
    gatewayId: string,
    leaseIds: readonly string[],
    buckets: readonly AskedBucket[],
  ) => Promise<HeldLeases>;
  readonly skipLostLeaseIds: (held: readonly string[], ended: readonly string[]) => Promise<boolean>;
  readonly remakeLeases: (lost: readonly LostLease[]) => Promise<Lease[]>;
  readonly insertAdmitted: (ranges: readonly SeqRange[]) => Promise<Inserted>;
  readonly insertCharges: (entries: readonly UsageEntry[]) => Promise<Inserted>;
  readonly completeCharges: (entries: readonly UsageEntry[]) => Promise<ReadonlySet<string>>;
  readonly insertRefunds: (entries: readonly UsageEntry[]) => Promise<Inserted>;
  readonly applyMovements: (movements: Movements) => Promise<CreatedLease[]>;
  readonly readDraws: (buckets: readonly BucketKey[]) => Promise<DrawOfBucket[]>;
  readonly applyDraws: (draws: readonly DrawChange[]) => Promise<void>;
  /** Appends `quota.exhausted` to the outbox. */
  readonly publishExhausted: (buckets: readonly Bucket[]) => Promise<void>;
  readonly lockEntitlements: (owners: readonly string[]) => Promise<Entitlement[]>;
  readonly findMissingBuckets: (counters: readonly AskedCounter[]) => Promise<MissingBucket[]>;
  readonly insertBuckets: (buckets: readonly (PlannedBucket & { readonly day: string })[]) => Promise<void>;
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
  readonly readClock: () => Promise<ServerClock>;
  readonly touchGateway: (gatewayId: string) => Promise<void>;
  readonly forgetGateways: () => Promise<void>;
  readonly markUnknown: (deadlineMs: number, most: number) => Promise<number>;
  readonly ensurePartitions: (daysAhead: number) => Promise<number>;
}

/** The use cases' statements within a transaction that somebody else began; it makes no leases. */
export const quotaTransaction = (trx: Transaction, draw: DrawFirstId = drawFirstId): QuotaTransaction => ({
  lockBuckets: (counters, leaseIds) => lockBuckets(trx, counters, leaseIds),
  readLeases: (leaseIds) => readLeases(trx, leaseIds),
  readHeldLeases: (gatewayId, leaseIds, buckets) => readHeldLeases(trx, gatewayId, leaseIds, buckets),
  skipLostLeaseIds: (held, ended) => skipLostLeaseIds(trx, held, ended, draw),
  remakeLeases: (lost) => remakeLeases(trx, lost),
  insertAdmitted: (ranges) => insertAdmitted(trx, ranges),
  insertCharges: (entries) => insertCharges(trx, entries),
  completeCharges: (entries) => completeCharges(trx, entries),
  insertRefunds: (entries) => insertRefunds(trx, entries),
  applyMovements: (movements) => applyMovements(trx, movements),
  readDraws: (buckets) => readDraws(trx, buckets),
  applyDraws: (draws) => applyDraws(trx, draws),
  publishExhausted: (buckets) => publishExhausted(trx, buckets),
  lockEntitlements: (owners) => lockEntitlements(trx, owners),
  findMissingBuckets: (counters) => findMissingBuckets(trx, counters),
  insertBuckets: (buckets) => insertBuckets(trx, buckets),
  upsertEntitlement: (subscription) => upsertEntitlement(trx, subscription),
  lockSubscribedBuckets: (subscriptionOwner) => lockSubscribedBuckets(trx, subscriptionOwner),
  changeLimits: (buckets) => changeLimits(trx, buckets),
  findAbandonedLeases: (timeoutMs, most) => findAbandonedLeases(trx, timeoutMs, most),
});

/** The start of the server on which this process began an epoch of lease ids. */
export interface MetServer {
  started: string | null;
}

/**
 * A server that was started may have gone back in time: the ids of leases that it forgot are given to no others. So the first lease that
 * this process makes there begins an epoch.
 */
export function withEpochs(tx: QuotaTransaction, met: MetServer, begin: () => Promise<void>): QuotaTransaction {
  let started: string | null = null;
  return {
    ...tx,
    lockBuckets: async (counters, leaseIds) => {
      const locked = await tx.lockBuckets(counters, leaseIds);
      started = locked.serverStarted;
      return locked;
    },
    applyMovements: async (movements) => {
      if (movements.newLeases.length > 0 && met.started !== started) {
        await begin();
        met.started = started;
      }
      return tx.applyMovements(movements);
    },
  };
}

export function createQuotaStore(db: Database, draw: DrawFirstId = drawFirstId): QuotaStore {
  const met: MetServer = { started: null };
  const begun = (trx: Transaction): QuotaTransaction =>
    withEpochs(quotaTransaction(trx, draw), met, () => beginLeaseEpoch(trx, draw()));
  return {
    transaction: (work) => inTransaction(db, (trx) => work(begun(trx))),
    completeCharges: (entries) => completeCharges(db, entries),
    readClock: () => readClock(db),
    touchGateway: (gatewayId) => touchGateway(db, gatewayId),
    forgetGateways: () => forgetGateways(db),
    markUnknown: (deadlineMs, most) => inTransaction(db, (trx) => markUnknown(trx, deadlineMs, most)),
    ensurePartitions: (daysAhead) => inTransaction(db, (trx) => ensurePartitions(trx, daysAhead)),
  };
}

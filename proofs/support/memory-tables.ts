import { type Bucket, type BucketKey, keyOf } from "@topdog/quota/domain/bucket";
import type { Draw } from "@topdog/quota/domain/fair-share";
import { escrowOf, type Lease, openTokens } from "@topdog/quota/domain/lease";
import type { Entitlement } from "@topdog/quota/domain/planned-bucket";

export interface BucketRecord extends Bucket {
  readonly subscriptionOwner: string | null;
  /** What settled + escrow may never exceed: the limit, or what was out when the limit was lowered. */
  readonly cap: number;
}

export interface LeaseRecord extends Lease {
  readonly touchedAtMs: number;
}

export interface LedgerRecord {
  readonly leaseId: string;
  readonly seq: number;
  readonly entry: "charge" | "refund";
  readonly state: "admitted" | "completed" | "unknown";
  readonly recordedAtMs: number;
}

/** What the ledger has of one lease. */
export interface LedgerSum {
  readonly charges: number;
  readonly refunds: number;
}

export interface PermitRecord {
  readonly held: number;
  readonly version: number;
  readonly serverStarted: string;
}

/** quota's tables, as far as its protocols with gateways need them. */
export interface MemoryTables {
  readonly entitlements: Map<string, Entitlement & { readonly version: number }>;
  readonly buckets: Map<string, BucketRecord>;
  readonly leases: Map<string, LeaseRecord>;
  /** Ids by bucket: an index. */
  readonly leasesOf: Map<string, readonly string[]>;
  /** By bucket, then by member. */
  readonly draws: Map<string, ReadonlyMap<string, Draw>>;
  readonly ledger: Map<string, LedgerRecord>;
  /** By lease. */
  readonly ledgerSums: Map<string, LedgerSum>;
  /** By owner, then by gateway. */
  readonly permits: Map<string, ReadonlyMap<string, PermitRecord>>;
  readonly gatewaysSeenMs: Map<string, number>;
  readonly nextLeaseId: { value: bigint };
  /** Of the database's server: its number of starts, as text. */
  readonly server: { started: string };
}

export const emptyTables = (): MemoryTables => ({
  entitlements: new Map(),
  buckets: new Map(),
  leases: new Map(),
  leasesOf: new Map(),
  draws: new Map(),
  ledger: new Map(),
  ledgerSums: new Map(),
  permits: new Map(),
  gatewaysSeenMs: new Map(),
  nextLeaseId: { value: 1n },
  server: { started: "1" },
});

/** A backup. Rows are never changed in place: the tables alone are copied. */
export const copyTables = (tables: MemoryTables): MemoryTables => ({
  entitlements: new Map(tables.entitlements),
  buckets: new Map(tables.buckets),
  leases: new Map(tables.leases),
  leasesOf: new Map(tables.leasesOf),
  draws: new Map(tables.draws),
  ledger: new Map(tables.ledger),
  ledgerSums: new Map(tables.ledgerSums),
  permits: new Map(tables.permits),
  gatewaysSeenMs: new Map(tables.gatewaysSeenMs),
  nextLeaseId: { ...tables.nextLeaseId },
  server: { ...tables.server },
});

/** The tables are what they were at a backup, on a server that was started just now. */
export function restoreTables(tables: MemoryTables, backup: MemoryTables): void {
  const { nextLeaseId, server, ...maps } = tables;
  for (const name of Object.keys(maps) as (keyof typeof maps)[]) {
    const table: Map<string, unknown> = tables[name];
    table.clear();
    for (const [key, row] of backup[name]) table.set(key, row);
  }
  nextLeaseId.value = backup.nextLeaseId.value;
  server.started = String(Number(server.started) + 1);
}

export const ledgerKey = (leaseId: string, seq: number, entry: string): string => `${leaseId}:${seq}:${entry}`;

/** Every writer takes its buckets in this order. */
export const inLockOrder = (a: BucketKey, b: BucketKey): number => {
  const [one, other] = [`${a.day} ${a.owner} ${a.meter}`, `${b.day} ${b.owner} ${b.meter}`];
  return one < other ? -1 : one > other ? 1 : 0;
};

/** The table's CHECKs on a bucket. */
export function checkBucket(bucket: BucketRecord): void {
  const { settled, escrow, cap, limit } = bucket;
  const holds = settled >= 0 && escrow >= 0 && settled + escrow <= cap && limit <= cap;
  if (!holds) throw new Error(`bucket_never_oversold: ${keyOf(bucket)} ${JSON.stringify(bucket)}`);
}

/** The table's CHECKs on a lease. */
export function checkLease(lease: Lease): void {
  const isClosed = lease.state === "closed";
  const holds =
    openTokens(lease) >= 0 &&
    escrowOf(lease) >= 0 &&
    lease.reported <= lease.acked &&
    lease.highest <= lease.size - lease.returned &&
    lease.burned >= 0 &&
    (isClosed || (lease.burned === 0 && lease.finalUsed === null)) &&
    (!isClosed || openTokens(lease) === 0) &&
    (lease.finalUsed === null || (lease.finalUsed === lease.acked && lease.burned === 0));
  if (!holds) throw new Error(`a lease breaks its constraints: ${JSON.stringify(lease)}`);
}

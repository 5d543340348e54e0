import { type Counter, keyOf } from "@topdog/quota/domain/bucket";
import { ownersOf } from "@topdog/quota/domain/usage-owners";
import type { BucketChange } from "@topdog/quota/domain/tally";
import { type Inserted, tokenKey, type UsageEntry } from "@topdog/quota/store/ledger";
import type { QuotaStore, QuotaTransaction } from "@topdog/quota/store/quota-store";
import {
  type BucketRecord,
  checkBucket,
  checkLease,
  inLockOrder,
  ledgerKey,
  type LedgerRecord,
  type MemoryTables,
} from "./memory-tables.ts";
import { createUndoLog, type UndoLog } from "./undo.ts";

/** Unix milliseconds: the database's clock. */
export type DatabaseClock = () => number;

const gatewayTouchMs = 1_000;
const idsPerEpoch = 1e12;
const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10);

/**
 * quota's store in memory, for histories by the thousand: the same transactions over the same tables as the statements on
 * Postgres. It proves nothing by itself; `stores-agree.test.ts` holds it against Postgres.
 */
export function createMemoryStore(tables: MemoryTables, nowMs: DatabaseClock): QuotaStore {
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    transaction: (work) =>
      alone(async () => {
        const undo = createUndoLog();
        try {
          return await work(memoryTransaction(tables, nowMs, undo));
        } catch (error) {
          undo.rollBack();
          throw error;
        }
      }),
    completeCharges: (entries) => alone(async () => complete(tables, createUndoLog(), entries)),
    readClock: () => Promise.resolve({ today: dayOf(nowMs()), nowMs: nowMs() }),
    touchGateway: async (gatewayId) => {
      const seenMs = tables.gatewaysSeenMs.get(gatewayId) ?? Number.NEGATIVE_INFINITY;
      if (seenMs < nowMs() - gatewayTouchMs) tables.gatewaysSeenMs.set(gatewayId, nowMs());
    },
    forgetGateways: () => Promise.resolve(),
    markUnknown: (deadlineMs, most) => Promise.resolve(markUnknown(tables, nowMs() - deadlineMs, most)),
    ensurePartitions: () => Promise.resolve(0),
  };
}

function markUnknown({ ledger }: MemoryTables, beforeMs: number, most: number): number {
  const old = [...ledger].filter(([, row]) => row.state === "admitted" && row.recordedAtMs < beforeMs).slice(0, most);
  for (const [key, row] of old) ledger.set(key, { ...row, state: "unknown" });
  return old.length;
}

function memoryTransaction(tables: MemoryTables, nowMs: DatabaseClock, undo: UndoLog): QuotaTransaction {
  const { buckets, leases, entitlements } = tables;
  const today = (): string => dayOf(nowMs());
  const sorted = (keys: Iterable<string>): BucketRecord[] =>
    [...new Set(keys)].flatMap((key) => buckets.get(key) ?? []).toSorted(inLockOrder);
  const insert = (rows: readonly Omit<LedgerRecord, "recordedAtMs">[]): Inserted =>
    insertRows(tables, undo, rows, nowMs());

  return {
    lockBuckets: async (counters, leaseIds) => {
      const ofLeases = leaseIds.flatMap((id) => leases.get(id) ?? []).map(keyOf);
      const rows = sorted([...counters.map((one: Counter) => keyOf({ ...one, day: today() })), ...ofLeases]);
      return rows.length === 0
        ? { buckets: [], today: null, nowMs: null }
        : { buckets: rows, today: today(), nowMs: nowMs() };
    },
    readLeases: async (leaseIds, of) => {
      const keys = new Set(of.map(keyOf));
      return [...leases.values()].filter(
        (lease) => leaseIds.includes(lease.leaseId) || (lease.state === "open" && keys.has(keyOf(lease))),
      );
    },
    skipLostLeaseIds: async (held, ended) => {
      const newest = Math.max(-1, ...held.map(Number));
      const epoch = (id: number): number => Math.floor(id / idsPerEpoch);
      const last = tables.nextLeaseId.value - 1;
      const endedNewest = Math.max(-1, ...ended.map(Number));
      if ((held.length === 0 || epoch(newest) < epoch(last)) && endedNewest <= last) return false;
      tables.nextLeaseId.value = (epoch(Math.max(newest, endedNewest, last)) + 1) * idsPerEpoch;
      return true;
    },
    insertAdmitted: async (ranges) =>
      insert(
        ranges.flatMap(({ leaseId, from, to }) =>
          Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => ({
            leaseId,
            seq: from + index,
            entry: "charge" as const,
            state: "admitted" as const,
          })),
        ),
      ),
    insertCharges: async (entries) => insert(completedRows(entries, "charge")),
    insertRefunds: async (entries) => insert(completedRows(entries, "refund")),
    completeCharges: async (entries) => complete(tables, undo, entries),
    applyMovements: async ({ buckets: changes, leases: changed, newLeases }) => {
      for (const change of changes) moveBucket(tables, undo, change);
      for (const lease of changed) {
        checkLease(lease);
        undo.put(leases, lease.leaseId, { ...lease, touchedAtMs: nowMs() });
      }
      return newLeases.map((lease) => {
        const leaseId = String(tables.nextLeaseId.value++);
        const fresh = { acked: 0, reported: 0, highest: 0, returned: 0, burned: 0, finalUsed: null } as const;
        undo.put(leases, leaseId, { ...lease, ...fresh, leaseId, state: "open", touchedAtMs: nowMs() });
        return { owner: lease.owner, meter: lease.meter, day: lease.day, leaseId };
      });
    },
    publishExhausted: () => Promise.resolve(),
    lockEntitlements: async (owners) => {
      const wanted = [...new Set(owners)].toSorted();
      const free = { plan: "free", seats: 1, version: 0 } as const;
      for (const owner of wanted) if (!entitlements.has(owner)) undo.put(entitlements, owner, { owner, ...free });
      return wanted.flatMap((owner) => entitlements.get(owner) ?? []);
    },
    findMissingBuckets: async (counters) =>
      counters.filter((counter) => !buckets.has(keyOf({ ...counter, day: today() }))),
    insertBuckets: async (planned) => {
      for (const bucket of planned) {
        const key = keyOf({ ...bucket, day: today() });
        if (buckets.has(key)) continue;
        const nothing = { settled: 0, escrow: 0, toldExhausted: false, exhaustedPublished: false };
        undo.put(buckets, key, { ...bucket, ...nothing, day: today(), cap: bucket.limit });
      }
    },
    upsertEntitlement: async ({ owner, plan, seats, version }) => {
      if ((entitlements.get(owner)?.version ?? -1) >= version) return false;
      undo.put(entitlements, owner, { owner, plan, seats, version });
      return true;
    },
    lockSubscribedBuckets: async (subscriptionOwner) =>
      [...buckets.values()]
        .filter((bucket) => bucket.subscriptionOwner === subscriptionOwner && bucket.day === today())
        .toSorted(inLockOrder),
    changeLimits: async (changed) => {
      for (const { plan, limit, ...key } of changed) {
        const before = buckets.get(keyOf(key));
        if (before === undefined) continue;
        const cap = Math.max(limit, before.settled + before.escrow);
        undo.put(buckets, keyOf(key), { ...before, plan, limit, cap, toldExhausted: false });
      }
    },
    findAbandonedLeases: async (timeoutMs, most) => {
      const beforeMs = nowMs() - timeoutMs;
      const isGone = (gatewayId: string): boolean => (tables.gatewaysSeenMs.get(gatewayId) ?? nowMs()) < beforeMs;
      return [...leases.values()]
        .filter((one) => one.state === "open")
        .filter((one) => isGone(one.gatewayId) || (one.day < today() && one.touchedAtMs < beforeMs))
        .slice(0, most)
        .map((one) => one.leaseId);
    },
  };
}

const completedRows = (
  entries: readonly UsageEntry[],
  entry: LedgerRecord["entry"],
): Omit<LedgerRecord, "recordedAtMs">[] =>
  entries.flatMap(({ tokens }) => tokens.map(({ leaseId, seq }) => ({ leaseId, seq, entry, state: "completed" })));

/** Fills the open rows of these tokens, of the day and meter that they are said to be of. */
function complete(
  { ledger, leases }: MemoryTables,
  undo: UndoLog,
  entries: readonly UsageEntry[],
): ReadonlySet<string> {
  const filled = new Set<string>();
  const claimed = entries.flatMap(({ usage, tokens }) => tokens.map((token) => ({ token, owners: ownersOf(usage) })));
  for (const { token, owners } of claimed) {
    const key = ledgerKey(token.leaseId, token.seq, "charge");
    const row = ledger.get(key);
    const lease = leases.get(token.leaseId);
    if (row === undefined || row.state === "completed") continue;
    if (lease?.day !== token.day || lease.meter !== token.meter || !owners.includes(lease.owner)) continue;
    undo.put(ledger, key, { ...row, state: "completed" });
    filled.add(tokenKey(token));
  }
  return filled;
}

/** As `on conflict do nothing`: counts the rows that were new. */
function insertRows(
  { ledger }: MemoryTables,
  undo: UndoLog,
  rows: readonly Omit<LedgerRecord, "recordedAtMs">[],
  recordedAtMs: number,
): Inserted {
  const inserted = new Map<string, number>();
  for (const row of rows) {
    const key = ledgerKey(row.leaseId, row.seq, row.entry);
    if (ledger.has(key)) continue;
    undo.put(ledger, key, { ...row, recordedAtMs });
    inserted.set(row.leaseId, (inserted.get(row.leaseId) ?? 0) + 1);
  }
  return inserted;
}

function moveBucket({ buckets }: MemoryTables, undo: UndoLog, change: BucketChange): void {
  const before = buckets.get(keyOf(change));
  if (before === undefined) throw new Error("a bucket vanished under its lock");
  const [settled, escrow] = [before.settled + change.settled, before.escrow + change.escrow];
  if (change.granted !== 0 && settled + escrow > before.limit) throw new Error("a grant was refused by the database");
  const { toldExhausted, exhaustedPublished } = change.after;
  const after = { ...before, settled, escrow, toldExhausted, exhaustedPublished };
  checkBucket(after);
  undo.put(buckets, keyOf(change), after);
}

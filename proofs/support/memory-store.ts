import { type BucketKey, keyOf } from "@topdog/quota/domain/bucket";
import { openTokens } from "@topdog/quota/domain/lease";
import { ownersOf } from "@topdog/quota/domain/usage-owners";
import type { BucketChange, DrawChange } from "@topdog/quota/domain/tally";
import { drawFirstId, type DrawFirstId, epochMs, epochsSinceMs, idsPerEpoch } from "@topdog/quota/store/leases";
import { type Inserted, tokenKey, type UsageEntry } from "@topdog/quota/store/ledger";
import { type MetServer, type QuotaStore, type QuotaTransaction, withEpochs } from "@topdog/quota/store/quota-store";
import {
  type BucketRecord,
  checkBucket,
  checkLease,
  inLockOrder,
  type LeaseRecord,
  ledgerKey,
  type LedgerRecord,
  type MemoryTables,
} from "./memory-tables.ts";
import { createUndoLog, type UndoLog } from "./undo.ts";

/** Unix milliseconds: the database's clock. */
export type DatabaseClock = () => number;
/** Called after each commit with the keys of the buckets that it touched, themselves, their leases or their ledger. */
export type OnCommit = (bucketKeys: ReadonlySet<string>) => void;

const gatewayTouchMs = 1_000;
const dayMs = 86_400_000;
const days = new Map<number, string>();

/** The same few days are asked for all the time. */
function dayOf(unixMs: number): string {
  const number = Math.floor(unixMs / dayMs);
  const known = days.get(number);
  if (known !== undefined) return known;
  const day = new Date(unixMs).toISOString().slice(0, 10);
  days.set(number, day);
  return day;
}

/**
 * quota's store in memory, for histories by the thousand: the same transactions over the same tables as the statements on
 * Postgres. It proves nothing by itself; `stores-agree.test.ts` holds it against Postgres. Returns what gives each process of quota its own.
 */
export function openMemoryDatabase(
  tables: MemoryTables,
  nowMs: DatabaseClock,
  onCommit: OnCommit = () => undefined,
  draw: DrawFirstId = drawFirstId,
): () => QuotaStore {
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return () => memoryStore({ tables, nowMs, onCommit, draw, alone });
}

/** One transaction after the other, whoever's they are. */
type Alone = <T>(work: () => Promise<T>) => Promise<T>;

interface MemoryDatabase {
  readonly tables: MemoryTables;
  readonly nowMs: DatabaseClock;
  readonly onCommit: OnCommit;
  readonly draw: DrawFirstId;
  readonly alone: Alone;
}

function memoryStore({ tables, nowMs, onCommit, draw, alone }: MemoryDatabase): QuotaStore {
  const met: MetServer = { started: null };
  const beginEpoch = async (): Promise<void> => {
    const { nextLeaseId } = tables;
    const next = (nextLeaseId.value - 1n) / idsPerEpoch + 1n;
    const now = BigInt(Math.floor((nowMs() - epochsSinceMs) / epochMs));
    nextLeaseId.value = (next > now ? next : now) * idsPerEpoch + BigInt(draw());
  };
  return {
    transaction: (work) =>
      alone(async () => {
        const undo = createUndoLog();
        const touched = new Set<string>();
        let result;
        try {
          result = await work(withEpochs(memoryTransaction({ tables, nowMs, draw }, undo, touched), met, beginEpoch));
        } catch (error) {
          undo.rollBack();
          throw error;
        }
        onCommit(touched);
        return result;
      }),
    completeCharges: (entries) => alone(async () => complete(tables, createUndoLog(), entries)),
    readClock: () => Promise.resolve({ today: dayOf(nowMs()), nowMs: nowMs(), serverStarted: tables.server.started }),
    touchGateway: async (gatewayId) => {
      const seenMs = tables.gatewaysSeenMs.get(gatewayId) ?? Number.NEGATIVE_INFINITY;
      if (seenMs < nowMs() - gatewayTouchMs || seenMs > nowMs()) tables.gatewaysSeenMs.set(gatewayId, nowMs());
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

function memoryTransaction(
  { tables, nowMs, draw }: Pick<MemoryDatabase, "tables" | "nowMs" | "draw">,
  undo: UndoLog,
  touched: Set<string>,
): QuotaTransaction {
  const { buckets, leases, entitlements } = tables;
  const today = (): string => dayOf(nowMs());
  const sorted = (keys: Iterable<string>): BucketRecord[] =>
    [...new Set(keys)].flatMap((key) => buckets.get(key) ?? []).toSorted(inLockOrder);
  const insert = (rows: readonly Omit<LedgerRecord, "recordedAtMs">[]): Inserted => {
    const inserted = insertRows(tables, undo, rows, nowMs());
    for (const leaseId of inserted.keys()) touchLease(leaseId);
    return inserted;
  };
  const touchLease = (leaseId: string): void => {
    const lease = leases.get(leaseId);
    if (lease !== undefined) touched.add(keyOf(lease));
  };

  return {
    lockBuckets: async (counters, leaseIds) => {
      const ofLeases = leaseIds.flatMap((id) => leases.get(id) ?? []).map(keyOf);
      const ofCounters = counters.map(({ owner, meter, forDay = today() }) => keyOf({ owner, meter, day: forDay }));
      const rows = sorted([...ofCounters, ...ofLeases]);
      return rows.length === 0
        ? { buckets: [], today: null, nowMs: null, serverStarted: null }
        : { buckets: rows, today: today(), nowMs: nowMs(), serverStarted: tables.server.started };
    },
    readLeases: async (leaseIds) => [...new Set(leaseIds)].flatMap((leaseId) => leases.get(leaseId) ?? []),
    readHeldLeases: async (gatewayId, leaseIds, of) => {
      const openOf = (bucket: BucketKey): LeaseRecord[] =>
        (tables.leasesOf.get(keyOf(bucket)) ?? [])
          .flatMap((leaseId) => leases.get(leaseId) ?? [])
          .filter(({ state }) => state === "open");
      const asked = of.filter(({ asks }) => asks).flatMap(openOf);
      const own = asked.filter((lease) => lease.gatewayId === gatewayId).map(({ leaseId }) => leaseId);
      const ids = new Set([...leaseIds, ...own]);
      const named = [...ids].flatMap((leaseId) => leases.get(leaseId) ?? []);
      const holding = of.flatMap(openOf).filter((lease) => !ids.has(lease.leaseId) && openTokens(lease) > 0);
      const others = [...Map.groupBy(holding, (lease) => `${keyOf(lease)} ${lease.member}`).values()].flatMap(
        (same) => {
          const [first] = same;
          if (first === undefined) return [];
          const { owner, meter, day, member } = first;
          return { owner, meter, day, member, open: sumOf(same.map(openTokens)), leases: same.length };
        },
      );
      return { leases: named, others };
    },
    skipLostLeaseIds: async (held, ended) => {
      const [newest, endedNewest] = [newestOf(held), newestOf(ended)];
      const last = tables.nextLeaseId.value - 1n;
      if ((held.length === 0 || newest / idsPerEpoch < last / idsPerEpoch) && endedNewest <= last) return false;
      const epoch = newestOf([newest, endedNewest, last].map(String)) / idsPerEpoch + 1n;
      tables.nextLeaseId.value = epoch * idsPerEpoch + BigInt(draw());
      return true;
    },
    remakeLeases: async (lost) =>
      lost.flatMap(({ leaseId, ...lease }) => {
        if (leases.has(leaseId)) return [];
        const nothing = { size: 0, acked: 0, reported: 0, highest: 0, returned: 0, burned: 0, finalUsed: null };
        const made = { ...lease, ...nothing, leaseId, state: "closed" as const, touchedAtMs: nowMs() };
        undo.put(leases, leaseId, made);
        undo.put(tables.leasesOf, keyOf(lease), [...(tables.leasesOf.get(keyOf(lease)) ?? []), leaseId]);
        touched.add(keyOf(lease));
        return made;
      }),
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
      for (const change of changes) {
        moveBucket(tables, undo, change);
        touched.add(keyOf(change));
      }
      for (const lease of changed) {
        checkLease(lease);
        touched.add(keyOf(lease));
        undo.put(leases, lease.leaseId, { ...lease, touchedAtMs: nowMs() });
      }
      return newLeases.map((lease) => {
        const leaseId = String(tables.nextLeaseId.value++);
        const fresh = { acked: 0, reported: 0, highest: 0, returned: 0, burned: 0, finalUsed: null } as const;
        undo.put(leases, leaseId, { ...lease, ...fresh, leaseId, state: "open", touchedAtMs: nowMs() });
        undo.put(tables.leasesOf, keyOf(lease), [...(tables.leasesOf.get(keyOf(lease)) ?? []), leaseId]);
        touched.add(keyOf(lease));
        return { owner: lease.owner, meter: lease.meter, day: lease.day, member: lease.member, leaseId };
      });
    },
    readDraws: async (of) =>
      of.flatMap(({ owner, meter, day }: BucketKey) =>
        [...(tables.draws.get(keyOf({ owner, meter, day }))?.values() ?? [])].map((draw) => ({
          ...draw,
          owner,
          meter,
          day,
        })),
      ),
    applyDraws: async (changes) => {
      for (const change of changes) {
        drawFrom(tables, undo, change, nowMs());
        touched.add(keyOf(change));
      }
    },
    publishExhausted: () => Promise.resolve(),
    lockEntitlements: async (owners) => {
      const wanted = [...new Set(owners)].toSorted();
      const free = { plan: "free", seats: 1, version: 0 } as const;
      for (const owner of wanted) if (!entitlements.has(owner)) undo.put(entitlements, owner, { owner, ...free });
      return wanted.flatMap((owner) => entitlements.get(owner) ?? []);
    },
    findMissingBuckets: async (counters) =>
      counters
        .map(({ owner, meter, forDay = today() }) => ({ owner, meter, day: forDay, today: today(), nowMs: nowMs() }))
        .filter((bucket) => !buckets.has(keyOf(bucket))),
    insertBuckets: async (planned) => {
      for (const bucket of planned) {
        const key = keyOf(bucket);
        if (buckets.has(key)) continue;
        const nothing = { settled: 0, refunded: 0, escrow: 0, toldExhausted: false, exhaustedPublished: false };
        undo.put(buckets, key, { ...bucket, ...nothing, cap: bucket.limit });
        touched.add(key);
      }
    },
    upsertEntitlement: async ({ owner, plan, seats, version }) => {
      if ((entitlements.get(owner)?.version ?? -1) >= version) return false;
      undo.put(entitlements, owner, { owner, plan, seats, version });
      return true;
    },
    lockSubscribedBuckets: async (subscriptionOwner) =>
      [...buckets.values()]
        .filter((bucket) => bucket.subscriptionOwner === subscriptionOwner && bucket.day >= today())
        .toSorted(inLockOrder),
    changeLimits: async (changed) => {
      for (const { plan, limit, ceilingVersion, ...key } of changed) {
        const before = buckets.get(keyOf(key));
        if (before === undefined) continue;
        const cap = Math.max(limit, before.settled + before.escrow);
        undo.put(buckets, keyOf(key), { ...before, plan, limit, ceilingVersion, cap, toldExhausted: false });
        touched.add(keyOf(key));
      }
    },
    findAbandonedLeases: async (timeoutMs, most) => {
      const beforeMs = nowMs() - timeoutMs;
      const isGone = (gatewayId: string): boolean => {
        const seenMs = tables.gatewaysSeenMs.get(gatewayId) ?? nowMs();
        return seenMs < beforeMs || seenMs > nowMs() + timeoutMs;
      };
      return [...leases.values()]
        .filter((one) => one.state === "open")
        .filter((one) => isGone(one.gatewayId) || (one.day < today() && one.touchedAtMs < beforeMs))
        .slice(0, most)
        .map((one) => one.leaseId);
    },
  };
}

const newestOf = (ids: readonly string[]): bigint =>
  ids.map(BigInt).reduce((newest, id) => (id > newest ? id : newest), -1n);
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

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
  { ledger, ledgerSums }: MemoryTables,
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
    const { charges, refunds } = ledgerSums.get(row.leaseId) ?? { charges: 0, refunds: 0 };
    const isCharge = row.entry === "charge";
    undo.put(ledgerSums, row.leaseId, { charges: charges + (isCharge ? 1 : 0), refunds: refunds + (isCharge ? 0 : 1) });
  }
  return inserted;
}

function drawFrom({ draws }: MemoryTables, undo: UndoLog, change: DrawChange, nowMs: number): void {
  const { member, moved, asks } = change;
  const before = draws.get(keyOf(change)) ?? new Map();
  const known = before.get(member) ?? { member, drawn: 0, askedMs: 0 };
  const after = { member, drawn: known.drawn + moved, askedMs: asks ? Math.max(known.askedMs, nowMs) : known.askedMs };
  if (after.drawn < 0) throw new Error(`member_draw_drawn_check: ${JSON.stringify(after)}`);
  undo.put(draws, keyOf(change), new Map(before).set(member, after));
}

function moveBucket({ buckets }: MemoryTables, undo: UndoLog, change: BucketChange): void {
  const before = buckets.get(keyOf(change));
  if (before === undefined) throw new Error("a bucket vanished under its lock");
  const [settled, escrow] = [before.settled + change.settled, before.escrow + change.escrow];
  if (change.granted !== 0 && settled + escrow > before.limit) throw new Error("a grant was refused by the database");
  const { toldExhausted, exhaustedPublished } = change.after;
  const refunded = before.refunded + change.refunded;
  const after = { ...before, settled, refunded, escrow, toldExhausted, exhaustedPublished };
  checkBucket(after);
  undo.put(buckets, keyOf(change), after);
}

import { type PlanId, plans } from "@topdog/contracts/plans";
import { dailyLimit, type Meter, subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import type { Bucket, BucketKey } from "../domain/bucket.ts";
import { prepared, type Statement } from "./prepared.ts";

export type Counter = Pick<BucketKey, "owner" | "meter">;

interface BucketRow extends Bucket {
  readonly today: string;
  readonly nowMs: number;
}

export interface LockedBuckets {
  readonly buckets: Bucket[];
  /** The database's UTC day and clock; absent when there was no row to lock. */
  readonly today: string | null;
  readonly nowMs: number | null;
}

const bucketColumns = `b.owner, b.meter, b.day::text as day, b.plan, b.daily_limit as "limit", b.settled, b.escrow,
  b.told_exhausted as "toldExhausted", b.exhausted_published as "exhaustedPublished"`;

const clockSql = `select utc_today() as today, (extract(epoch from utc_now()) * 1000)::bigint as now_ms`;

// Every writer takes its buckets in this one order, before anything else of theirs: so there are no deadlocks, and all that
// belongs to a bucket may be read, judged in code and written back.
const lockStatement: Statement<BucketRow> = {
  name: "lock_buckets",
  sql: `with clock as materialized (${clockSql})
  select ${bucketColumns}, clock.today::text as today, clock.now_ms::float8 as "nowMs"
  from bucket b, clock
  where (b.owner, b.meter, b.day) in (
    select a.owner, a.meter, clock.today from unnest(?::text[], ?::text[]) as a (owner, meter), clock
    union
    select l.owner, l.meter, l.day from lease l where l.lease_id = any(?::bigint[])
  )
  order by b.day, b.owner, b.meter
  for update of b`,
};

/** Locks today's buckets of these counters that exist, and the buckets of these leases. */
export async function lockBuckets(
  trx: Transaction,
  counters: readonly Counter[],
  leaseIds: readonly string[],
): Promise<LockedBuckets> {
  const owners = counters.map((one) => one.owner);
  const meters = counters.map((one) => one.meter);
  const { rows } = await prepared(trx, lockStatement, [owners, meters, leaseIds]);
  return { buckets: rows, today: rows[0]?.today ?? null, nowMs: rows[0]?.nowMs ?? null };
}

export async function readClock(db: Database): Promise<{ today: string; nowMs: number }> {
  const { rows } = await db.raw<{ rows: { today: string; now_ms: string }[] }>(
    `select clock.today::text as today, clock.now_ms from (${clockSql}) clock`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the database has no clock");
  return { today: row.today, nowMs: Number(row.now_ms) };
}

export async function findBuckets(db: Database, day: string, owners: readonly string[]): Promise<Bucket[]> {
  const { rows } = await db.raw<{ rows: Bucket[] }>(
    `select ${bucketColumns} from bucket b where b.day = ? and b.owner = any(?::text[])`,
    [day, [...owners]],
  );
  return rows;
}

interface Entitlement {
  readonly owner: string;
  readonly plan: PlanId;
  readonly seats: number;
}

/**
 * Makes today's buckets from their owners' plans. The entitlement rows are locked first, as by a plan change: a bucket is
 * either made with the new limits or seen by the change. A transaction of its own, since it runs before any bucket is locked.
 */
export async function ensureBuckets(db: Database, counters: readonly Counter[]): Promise<void> {
  await inTransaction(db, async (trx) => {
    const subscribers = [...new Set(counters.map(({ owner }) => subscriptionOwnerOf(owner)))].toSorted();
    await trx.raw(
      `insert into entitlement (owner, plan, seats, version)
       select owner, 'free', 1, 0 from unnest(?::text[]) as owner order by owner on conflict do nothing`,
      [subscribers],
    );
    const { rows } = await trx.raw<{ rows: Entitlement[] }>(
      "select owner, plan, seats from entitlement where owner = any(?::text[]) order by owner for share",
      [subscribers],
    );
    const entitlements = new Map(rows.map((row) => [row.owner, row]));
    const made = counters.map((counter) => newBucketRow(counter, entitlements));
    await trx.raw(
      `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap)
       select r.owner, r.meter, utc_today(), r.subscription_owner, r.plan, r.daily_limit, r.daily_limit
       from json_to_recordset(?) as r (owner text, meter text, subscription_owner text, plan text, daily_limit integer)
       order by r.owner, r.meter on conflict do nothing`,
      [JSON.stringify(made)],
    );
  });
}

function newBucketRow({ owner, meter }: Counter, entitlements: ReadonlyMap<string, Entitlement>): object {
  const subscriber = subscriptionOwnerOf(owner);
  const entitlement = entitlements.get(subscriber);
  if (entitlement === undefined) throw new Error("an entitlement vanished");
  const { plan, seats } = entitlement;
  const limit = dailyLimit(owner, meter, plans[plan], seats);
  return { owner, meter, subscription_owner: subscriber, plan, daily_limit: limit };
}

/** The limit that a bucket would be made with now. */
export async function plannedLimits(
  db: Database,
  counters: readonly Counter[],
): Promise<{ plan: PlanId; limit: number }[]> {
  const subscribers = counters.map(({ owner }) => subscriptionOwnerOf(owner));
  const { rows } = await db.raw<{ rows: Entitlement[] }>(
    "select owner, plan, seats from entitlement where owner = any(?::text[])",
    [subscribers],
  );
  return counters.map(({ owner, meter }) => {
    const known = rows.find((row) => row.owner === subscriptionOwnerOf(owner));
    const { plan, seats } = known ?? { plan: "free" as const, seats: 1 };
    return { plan, limit: dailyLimit(owner, meter, plans[plan], seats) };
  });
}

export interface Subscription extends Entitlement {
  readonly version: number;
}

/** Returns false, and changes nothing, unless the version is newer. */
export async function upsertEntitlement(trx: Transaction, subscription: Subscription): Promise<boolean> {
  const { owner, plan, seats, version } = subscription;
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into entitlement as e (owner, plan, seats, version) values (?, ?, ?, ?)
     on conflict (owner) do update set plan = excluded.plan, seats = excluded.seats, version = excluded.version
     where e.version < excluded.version returning 1`,
    [owner, plan, seats, version],
  );
  return rows.length > 0;
}

/**
 * Gives today's buckets of a subscription their new limits and returns those that changed. When the limit falls below what is
 * out, the cap stays at what is out: nothing more is granted until enough came back.
 */
export async function changeLimits(trx: Transaction, { owner, plan, seats }: Entitlement): Promise<Counter[]> {
  const { rows } = await trx.raw<{ rows: Bucket[] }>(
    `select ${bucketColumns} from bucket b where b.subscription_owner = ? and b.day = utc_today()
     order by b.day, b.owner, b.meter for update`,
    [owner],
  );
  const changed = rows
    .map((bucket) => ({ ...bucket, newLimit: dailyLimit(bucket.owner, bucket.meter, plans[plan], seats) }))
    .filter((bucket) => bucket.newLimit !== bucket.limit || bucket.plan !== plan);
  if (changed.length === 0) return [];
  const changes = changed.map((one) => ({
    owner: one.owner,
    meter: one.meter,
    day: one.day,
    daily_limit: one.newLimit,
  }));
  await trx.raw(
    `update bucket b set daily_limit = c.daily_limit, plan = ?, cap = greatest(c.daily_limit, b.settled + b.escrow),
       told_exhausted = false, changed_at = utc_now()
     from json_to_recordset(?) as c (owner text, meter text, day date, daily_limit integer)
     where b.owner = c.owner and b.meter = c.meter and b.day = c.day`,
    [plan, JSON.stringify(changes)],
  );
  return changed.map(({ owner: bucketOwner, meter }) => ({ owner: bucketOwner, meter }));
}

export const counterKey = ({ owner, meter }: { owner: string; meter: Meter }): string => `${owner} ${meter}`;

import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Bucket, Counter } from "../domain/bucket.ts";
import type { PlannedBucket } from "../domain/planned-bucket.ts";
import { prepared, type Statement } from "./prepared.ts";

/** The database's UTC day and time: the platform's clock. */
export interface Clock {
  readonly today: string;
  readonly nowMs: number;
}

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
  from (
    select a.owner, a.meter, clock.today as day from unnest(?::text[], ?::text[]) as a (owner, meter), clock
    union
    select l.owner, l.meter, l.day from lease l where l.lease_id = any(?::bigint[])
  ) wanted
  join bucket b on b.owner = wanted.owner and b.meter = wanted.meter and b.day = wanted.day, clock
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

export async function readClock(db: Database): Promise<Clock> {
  const { rows } = await db.raw<{ rows: { today: string; now_ms: string }[] }>(
    `select clock.today::text as today, clock.now_ms from (${clockSql}) clock`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the database has no clock");
  return { today: row.today, nowMs: Number(row.now_ms) };
}

export async function findBuckets(db: Database, day: string, owners: readonly string[]): Promise<Bucket[]> {
  const { rows } = await db.raw<{ rows: Bucket[] }>(
    `select ${bucketColumns} from unnest(?::text[]) as o (owner) cross join (values ('api_calls'), ('llm_requests')) as m (meter)
     join bucket b on b.owner = o.owner and b.meter = m.meter and b.day = ?`,
    [[...owners], day],
  );
  return rows;
}

const missingStatement: Statement<Counter> = {
  name: "missing_buckets",
  sql: `select a.owner, a.meter from unnest(?::text[], ?::text[]) as a (owner, meter)
  where not exists (select from bucket b where b.owner = a.owner and b.meter = a.meter and b.day = utc_today() offset 0)`,
};

export async function findMissingBuckets(trx: Transaction, counters: readonly Counter[]): Promise<Counter[]> {
  const [owners, meters] = [counters.map((one) => one.owner), counters.map((one) => one.meter)];
  return (await prepared(trx, missingStatement, [owners, meters])).rows;
}

/** Makes today's buckets that are not there yet. Their owners' entitlements are locked. */
export async function insertBuckets(trx: Transaction, buckets: readonly PlannedBucket[]): Promise<void> {
  await trx.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap)
     select r.owner, r.meter, utc_today(), r."subscriptionOwner", r.plan, r."limit", r."limit"
     from json_to_recordset(?) as r (owner text, meter text, "subscriptionOwner" text, plan text, "limit" integer)
     order by r.owner, r.meter on conflict do nothing`,
    [JSON.stringify(buckets)],
  );
}

/** Today's buckets whose limits a subscription sets. */
export async function lockSubscribedBuckets(trx: Transaction, subscriptionOwner: string): Promise<Bucket[]> {
  const { rows } = await trx.raw<{ rows: Bucket[] }>(
    `select ${bucketColumns} from bucket b where b.subscription_owner = ? and b.day = utc_today()
     order by b.day, b.owner, b.meter for update`,
    [subscriptionOwner],
  );
  return rows;
}

/**
 * Gives locked buckets the plan and limit that they have here. When a limit falls below what is out, the cap stays at what is
 * out: nothing more is granted until enough came back.
 */
export async function changeLimits(trx: Transaction, buckets: readonly Bucket[]): Promise<void> {
  if (buckets.length === 0) return;
  await trx.raw(
    `update bucket b set daily_limit = c."limit", plan = c.plan, cap = greatest(c."limit", b.settled + b.escrow),
       told_exhausted = false, changed_at = utc_now()
     from json_to_recordset(?) as c (owner text, meter text, day date, plan text, "limit" integer)
     where b.owner = c.owner and b.meter = c.meter and b.day = c.day`,
    [JSON.stringify(buckets)],
  );
}

import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Bucket, BucketKey } from "../domain/bucket.ts";
import type { AskedCounter, PlannedBucket } from "../domain/planned-bucket.ts";
import { prepared, type Statement } from "./prepared.ts";
import { serverStarted, type ServerSign } from "./server-started.ts";

/** The database's UTC day and time: the platform's clock. */
export interface Clock {
  readonly today: string;
  readonly nowMs: number;
}

export interface ServerClock extends Clock, ServerSign {}

type BucketRow = Bucket & ServerClock;

export interface LockedBuckets {
  readonly buckets: Bucket[];
  /** The database's UTC day and clock; absent when there was no row to lock. */
  readonly today: string | null;
  readonly nowMs: number | null;
  readonly serverStarted: string | null;
}

const bucketColumns = `b.owner, b.meter, b.day::text as day, b.plan, b.daily_limit as "limit", b.settled, b.refunded, b.escrow,
  b.told_exhausted as "toldExhausted", b.exhausted_published as "exhaustedPublished", b.ceiling_version as "ceilingVersion"`;

const clockSql = `select utc_today() as today, (extract(epoch from utc_now()) * 1000)::bigint as now_ms, ${serverStarted} as server_started`;

// Every writer takes its buckets in this one order, before anything else of theirs: so there are no deadlocks, and all that
// belongs to a bucket may be read, judged in code and written back.
const lockStatement: Statement<BucketRow> = {
  name: "lock_buckets",
  sql: `with clock as materialized (${clockSql})
  select ${bucketColumns}, clock.today::text as today, clock.now_ms::float8 as "nowMs",
    clock.server_started as "serverStarted"
  from (
    select a.owner, a.meter, coalesce(a.day, clock.today) as day from unnest(?::text[], ?::text[], ?::date[]) as a (owner, meter, day), clock
    union
    select l.owner, l.meter, l.day from lease l where l.lease_id = any(?::bigint[])
  ) wanted
  join bucket b on b.owner = wanted.owner and b.meter = wanted.meter and b.day = wanted.day, clock
  order by b.day, b.owner, b.meter
  for update of b`,
};

/** Locks those buckets of these counters that exist, today's unless they name another day, and the buckets of these leases. */
export async function lockBuckets(
  trx: Transaction,
  counters: readonly AskedCounter[],
  leaseIds: readonly string[],
): Promise<LockedBuckets> {
  const { rows } = await prepared(trx, lockStatement, [...columnsOf(counters), leaseIds]);
  const [{ today, nowMs, serverStarted } = { today: null, nowMs: null, serverStarted: null }] = rows;
  return { buckets: rows, today, nowMs, serverStarted };
}

export async function readClock(db: Database): Promise<ServerClock> {
  const { rows } = await db.raw<{ rows: ServerClock[] }>(
    `select clock.today::text as today, clock.now_ms::float8 as "nowMs", clock.server_started as "serverStarted" from (${clockSql}) clock`,
  );
  const row = rows[0];
  if (row === undefined) throw new Error("the database has no clock");
  return row;
}

export async function findBuckets(db: Database, day: string, owners: readonly string[]): Promise<Bucket[]> {
  const { rows } = await db.raw<{ rows: Bucket[] }>(
    `select ${bucketColumns} from unnest(?::text[]) as o (owner) cross join (values ('api_calls'), ('llm_requests'), ('capped_calls')) as m (meter)
     join bucket b on b.owner = o.owner and b.meter = m.meter and b.day = ?`,
    [[...owners], day],
  );
  return rows;
}

/** A bucket that is not there, and the database's clock. */
export type MissingBucket = BucketKey & Clock;

const missingStatement: Statement<MissingBucket> = {
  name: "missing_buckets",
  sql: `with clock as materialized (${clockSql})
  select a.owner, a.meter, coalesce(a.day, clock.today)::text as day, clock.today::text as today, clock.now_ms::float8 as "nowMs"
  from unnest(?::text[], ?::text[], ?::date[]) as a (owner, meter, day), clock
  where not exists (select from bucket b where b.owner = a.owner and b.meter = a.meter and b.day = coalesce(a.day, clock.today) offset 0)`,
};

export async function findMissingBuckets(
  trx: Transaction,
  counters: readonly AskedCounter[],
): Promise<MissingBucket[]> {
  return (await prepared(trx, missingStatement, columnsOf(counters))).rows;
}

const columnsOf = (counters: readonly AskedCounter[]): [string[], string[], (string | null)[]] => [
  counters.map((one) => one.owner),
  counters.map((one) => one.meter),
  counters.map((one) => one.forDay ?? null),
];

/** Makes buckets that are not there yet. Their owners' entitlements are locked. */
export async function insertBuckets(
  trx: Transaction,
  buckets: readonly (PlannedBucket & { readonly day: string })[],
): Promise<void> {
  await trx.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, ceiling_version, daily_limit, cap)
     select r.owner, r.meter, r.day, r."subscriptionOwner", r.plan, r."ceilingVersion", r."limit", r."limit"
     from json_to_recordset(?) as r (owner text, meter text, day date, "subscriptionOwner" text, plan text, "ceilingVersion" integer, "limit" integer)
     order by r.owner, r.meter on conflict do nothing`,
    [JSON.stringify(buckets)],
  );
}

/** Buckets from today on whose limits a subscription sets. */
export async function lockSubscribedBuckets(trx: Transaction, subscriptionOwner: string): Promise<Bucket[]> {
  const { rows } = await trx.raw<{ rows: Bucket[] }>(
    `select ${bucketColumns} from bucket b where b.subscription_owner = ? and b.day >= utc_today()
     order by b.day, b.owner, b.meter for update`,
    [subscriptionOwner],
  );
  return rows;
}

/**
 * Gives locked buckets the plan or ceiling, and the limit, that they have here. When a limit falls below what is out, the cap stays at what is
 * out: nothing more is granted until enough came back.
 */
export async function changeLimits(trx: Transaction, buckets: readonly Bucket[]): Promise<void> {
  if (buckets.length === 0) return;
  await trx.raw(
    `update bucket b set daily_limit = c."limit", plan = c.plan, ceiling_version = c."ceilingVersion", cap = greatest(c."limit", b.settled + b.escrow),
       told_exhausted = false, changed_at = utc_now()
     from json_to_recordset(?) as c (owner text, meter text, day date, plan text, "ceilingVersion" integer, "limit" integer)
     where b.owner = c.owner and b.meter = c.meter and b.day = c.day`,
    [JSON.stringify(buckets)],
  );
}

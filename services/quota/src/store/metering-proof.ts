import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { prepared, type Statement } from "./prepared.ts";

// The oldest of what statements noted, added to the sums of its leases and days. New buckets are counted as they come.
const foldStatement: Statement<{ folded: number; buckets: NamedBucket[] }> = {
  name: "fold_ledger_deltas",
  sql: `with taken as (
    delete from ledger_delta d using (
      select delta_id from ledger_delta order by delta_id limit ? for update skip locked
    ) oldest where d.delta_id = oldest.delta_id
    returning d.*
  ), leases as (
    insert into lease_proof as p (day, lease_id, charges, refunds, unknown_rows, highest_seq)
    select day, lease_id, sum(charges), sum(refunds), sum(unknown_rows), max(highest_seq) from taken
    group by day, lease_id order by day, lease_id
    on conflict (day, lease_id) do update set charges = p.charges + excluded.charges, refunds = p.refunds + excluded.refunds,
      unknown_rows = p.unknown_rows + excluded.unknown_rows, highest_seq = greatest(p.highest_seq, excluded.highest_seq)
  ), named as (
    select distinct l.day, l.owner, l.meter from taken t join lease l on l.lease_id = t.lease_id and l.day = t.day
  ), buckets as (
    insert into proven_bucket (day, owner, meter) select day, owner, meter from named order by 1, 2, 3
    on conflict do nothing returning day
  ), days as (
    insert into proven_day as p (day, buckets, charges, refunds, unknown_rows)
    select t.day, (select count(*) from buckets b where b.day = t.day), sum(charges), sum(refunds), sum(unknown_rows)
    from taken t group by t.day order by t.day
    on conflict (day) do update set buckets = p.buckets + excluded.buckets, charges = p.charges + excluded.charges,
      refunds = p.refunds + excluded.refunds, unknown_rows = p.unknown_rows + excluded.unknown_rows
  )
  select (select count(*)::integer from taken) as folded,
    (select coalesce(json_agg(json_build_object('day', day, 'owner', owner, 'meter', meter)), '[]') from named) as buckets`,
};

/**
 * What does not hold of each bucket that is asked about, and of each of its leases. Leases are read once, by keys, and added up over their bucket's
 * rows: a join of what was read to itself would compare each with each. What was noted of the ledger and is not added up yet counts too. Hardly
 * anything fails to hold: rows that do are dropped before anything is made of them.
 */
const wrongSql = `with asked as materialized (
    select distinct day, owner, meter from json_to_recordset(?) as a (day date, owner text, meter text)
  ), leases as materialized (
    select b.day, b.owner, b.meter, b.cap, b.settled, b.escrow, l.lease_id, l.size, l.acked, l.returned, l.burned, l.highest_seq,
      l.final_used, l.state, coalesce(p.charges, 0) + d.charges as ledger_charges, coalesce(p.refunds, 0) + d.refunds as ledger_refunds,
      coalesce(p.unknown_rows, 0) + d.unknown_rows as ledger_unknown,
      greatest(coalesce(p.highest_seq, 0), d.highest_seq) as ledger_highest
    from asked a
    join bucket b on b.owner = a.owner and b.meter = a.meter and b.day = a.day
    left join lateral (select * from lease where owner = a.owner and meter = a.meter and day = a.day) l on true
    left join lease_proof p on p.day = l.day and p.lease_id = l.lease_id
    cross join lateral (
      select coalesce(sum(charges), 0)::integer as charges, coalesce(sum(refunds), 0)::integer as refunds,
        coalesce(sum(unknown_rows), 0)::integer as unknown_rows, coalesce(max(highest_seq), 0) as highest_seq
      from ledger_delta x where x.lease_id = l.lease_id
    ) d
  ), buckets as (
    select day, owner, meter, cap, settled, escrow, coalesce(sum(ledger_charges - ledger_refunds), 0)::integer as ledger_amount,
      coalesce(sum(size - acked - returned), 0)::integer as lease_escrow
    from leases group by day, owner, meter, cap, settled, escrow
  ), wrong as materialized (
    select l.day, l.owner, l.meter, l.lease_id, v.guarantee, v.kind, v.expected, v.actual from leases l
    cross join lateral (values
      ('acked is what the ledger holds', 'agreement', l.ledger_charges, l.acked, l.acked = l.ledger_charges),
      ('the highest seq is the ledger''s', 'agreement', l.ledger_highest, l.highest_seq, l.highest_seq = l.ledger_highest),
      ('a finished lease has exactly its seqs', 'agreement', coalesce(l.final_used, l.ledger_charges), l.ledger_charges,
        l.final_used is null or (l.ledger_charges = l.final_used and l.ledger_highest = l.final_used)),
      ('size is acked, returned, burned and open', 'conservation', l.size, l.acked + l.returned + l.burned,
        l.acked + l.returned + l.burned <= l.size and (l.state = 'open' or l.acked + l.returned + l.burned = l.size)),
      ('every call has its usage record', 'unknown', 0, l.ledger_unknown, l.ledger_unknown = 0),
      ('no seq below the highest is missing', 'missing', l.ledger_highest, l.ledger_charges, l.ledger_highest <= l.ledger_charges)
    ) as v (guarantee, kind, expected, actual, holds)
    where l.lease_id is not null and not v.holds
    union all
    select b.day, b.owner, b.meter, 0, v.guarantee, v.kind, v.expected, v.actual from buckets b
    cross join lateral (values
      ('settled is the sum of the ledger', 'agreement', b.ledger_amount, b.settled, b.settled = b.ledger_amount),
      ('escrow is what leases hold', 'conservation', b.lease_escrow, b.escrow, b.escrow = b.lease_escrow),
      ('never oversold', 'conservation', b.cap, b.settled + b.escrow, b.settled + b.escrow <= b.cap)
    ) as v (guarantee, kind, expected, actual, holds)
    where not v.holds
  )`;

const compareStatement: Statement<never> = {
  name: "compare_metering",
  sql: `${wrongSql}, gone as (
    delete from metering_gap g using asked a
    where g.day = a.day and g.owner = a.owner and g.meter = a.meter
      and (g.day, g.owner, g.meter, g.lease_id, g.guarantee) not in (select day, owner, meter, lease_id, guarantee from wrong)
  )
  insert into metering_gap as g (day, owner, meter, lease_id, guarantee, kind, expected, actual)
  select day, owner, meter, lease_id, guarantee, kind, expected, actual from wrong order by 1, 2, 3, 4, 5
  on conflict (day, owner, meter, lease_id, guarantee)
  do update set expected = excluded.expected, actual = excluded.actual, checked_at = clock_timestamp()`,
};

interface NamedBucket {
  readonly day: string;
  readonly owner: string;
  readonly meter: string;
}

/** Of those that did not agree: the ones that were looked at the longest ago are looked at again in each run. */
const lookedAtAgain = 100;

const gapsStatement: Statement<NamedBucket> = {
  name: "gaps_to_look_at",
  sql: `select distinct day::text as day, owner, meter from (
    select day, owner, meter from metering_gap where kind <> 'unknown' order by checked_at limit ?) oldest`,
};

const dueStatement: Statement<{ due: boolean }> = {
  name: "metering_to_prove",
  sql: `select exists (select from ledger_delta) or exists (select from metering_gap where kind <> 'unknown') as due`,
};

/** Whether anything was written since the last run, or did not agree then. */
export async function hasMeteringToProve(db: Database): Promise<boolean> {
  return (await prepared(db, dueStatement, [])).rows[0]?.due === true;
}

/**
 * Adds up what statements noted, `most` of them at most, and compares the buckets that they name, and again those that did not agree. Its
 * work follows what was written since, not what is stored. Returns how many notes it took.
 */
export async function proveMetering(db: Database, most: number): Promise<number> {
  return inTransaction(db, async (trx) => {
    const { rows } = await prepared(trx, foldStatement, [most]);
    const { folded = 0, buckets = [] } = rows[0] ?? {};
    const { rows: again } = await prepared(trx, gapsStatement, [lookedAtAgain]);
    // One statement, so one snapshot: counters and what was noted of the ledger were committed together.
    if (buckets.length + again.length > 0)
      await prepared(trx, compareStatement, [JSON.stringify([...buckets, ...again])]);
    return folded;
  });
}

export interface MeteringGap extends NamedBucket {
  /** Null: the bucket as a whole. */
  readonly leaseId: string | null;
  readonly guarantee: string;
  readonly kind: "agreement" | "conservation" | "unknown" | "missing";
  readonly expected: number;
  readonly actual: number;
  /** ISO 8601. */
  readonly since: string;
}

export interface MeteringState {
  readonly fromDay: string | null;
  readonly toDay: string | null;
  readonly buckets: number;
  readonly charges: number;
  readonly unknownRows: number;
  /** Buckets with a gap that counts: of any kind but `missing`, and not written off. */
  readonly disagreeingBuckets: number;
  readonly gaps: Readonly<Record<MeteringGap["kind"], number>>;
  readonly missingSeqs: number;
  readonly openRows: number;
  readonly overdueRows: number;
  readonly oldestOpenMs: number | null;
  readonly oldestGapMs: number | null;
  /** How old the oldest note is that is not added up yet, milliseconds. */
  readonly behindMs: number;
  readonly firstGap: MeteringGap | null;
}

/** Open rows are counted up to so many: then there are at least as many. */
const mostCounted = 5_000;
const timeoutMs = 2_000;

const gapColumns = `day::text as day, owner, meter, nullif(lease_id, 0)::text as "leaseId", guarantee, kind, expected::float8 as expected,
  actual::float8 as actual, to_json(since) #>> '{}' as since`;

const counting = "kind <> 'missing' and written_off is null";
const openRows = "from ledger where state = 'admitted'";

const stateSql = `select min(day)::text as "fromDay", max(day)::text as "toDay", coalesce(sum(buckets), 0)::float8 as buckets,
    coalesce(sum(charges), 0)::float8 as charges, coalesce(sum(unknown_rows), 0)::float8 as "unknownRows",
    (select count(*)::integer from (select distinct day, owner, meter from metering_gap where ${counting}) g) as "disagreeingBuckets",
    (select json_build_object('agreement', count(*) filter (where kind = 'agreement'), 'conservation', count(*) filter (where kind = 'conservation'),
       'unknown', count(*) filter (where kind = 'unknown'), 'missing', count(*) filter (where kind = 'missing'))
     from metering_gap where written_off is null) as gaps,
    (select coalesce(sum(expected - actual), 0)::float8 from metering_gap where kind = 'missing') as "missingSeqs",
    (select count(*)::integer from (select 1 ${openRows} order by recorded_at limit ${mostCounted}) o) as "openRows",
    (select count(*)::integer from (select 1 ${openRows} and recorded_at < utc_now() - make_interval(secs => ?) order by recorded_at limit ${mostCounted}) o)
      as "overdueRows",
    (select (extract(epoch from utc_now() - recorded_at) * 1000)::float8 ${openRows} order by recorded_at limit 1) as "oldestOpenMs",
    (select (extract(epoch from clock_timestamp() - min(since)) * 1000)::float8 from metering_gap where kind = 'missing') as "oldestGapMs",
    coalesce((select (extract(epoch from clock_timestamp() - noted_at) * 1000)::float8 from ledger_delta order by delta_id limit 1), 0) as "behindMs"
  from proven_day`;

/** How the ledger and the counters stand, of every day that is kept. `overdueMs`: how long a call may be without its usage record. */
export async function readMetering(db: Database, overdueMs: number): Promise<MeteringState> {
  return db.transaction(async (trx) => {
    await trx.raw(`set local statement_timeout = ${timeoutMs}`);
    const { rows } = await trx.raw<{ rows: Omit<MeteringState, "firstGap">[] }>(stateSql, [overdueMs / 1000]);
    const state = rows[0];
    if (state === undefined) throw new Error("the state of metering gave no row");
    const { rows: gaps } = await trx.raw<{ rows: MeteringGap[] }>(
      `select ${gapColumns} from metering_gap where ${counting} order by since, day, owner, meter, lease_id, guarantee limit 1`,
    );
    return { ...state, firstGap: gaps[0] ?? null };
  });
}

/** Calls of a day that will never get their usage record count no more against the SLI. Returns of how many leases. */
export async function writeOffUnknown(db: Database, day: string, reason: string): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number | null }>(
    "update metering_gap set written_off = ? where day = ? and kind = 'unknown' and written_off is null",
    [reason, day],
  );
  return rowCount ?? 0;
}

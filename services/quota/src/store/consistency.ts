import type { Database } from "@topdog/postgres/pool";
import type { BucketKey } from "../domain/bucket.ts";

/** What one run checks at most, however much is stored. */
export interface CheckBounds {
  readonly maxBuckets: number;
  /** Ledger rows of all its buckets together; a bucket with more is checked by no run. */
  readonly maxRows: number;
}

/** Where a run begins, and which buckets it looks at again first. */
export interface CheckFrom {
  /** The last bucket of the run before; null: from the beginning. */
  readonly after: BucketKey | null;
  readonly suspects: readonly BucketKey[];
}

export interface ConsistencyCount {
  readonly fromDay: string;
  readonly toDay: string;
  /** Every bucket of both days was checked. */
  readonly isWhole: boolean;
  readonly checkedBuckets: number;
  readonly agreeingBuckets: number;
  readonly oversizedBuckets: number;
  readonly missingSeqs: number;
  readonly repeatedRows: number;
  readonly burnedTokens: number;
  readonly openRows: number;
  readonly unknownRows: number;
  readonly oldestOpenMs: number | null;
  readonly oldestGapMs: number | null;
  readonly last: BucketKey | null;
  readonly disagreeing: readonly BucketKey[];
}

const timeoutMs = 2_000;

const cursor = "(select from_day from bounds), (select from_owner from bounds), (select from_meter from bounds)";
const inOrder = "order by b.day + 0, b.owner, b.meter limit (select max_buckets from bounds)";
const walkedColumns = "b.owner, b.meter, b.day, b.settled";

// A walk through the buckets of yesterday and today in the order of their index, on from where the last run ended and round to
// where it began: each run reads as many index entries as it may check buckets. Days stand in subqueries, which the index is
// searched by; joined, they would be compared with each bucket.
const checkSql = `with bounds as materialized (
    select utc_today() - 1 as first_day, utc_today() as last_day, utc_now() as at, greatest(?::date, utc_today() - 1) as from_day,
      ?::text as from_owner, ?::text as from_meter, ?::integer as max_buckets, ?::integer as max_rows
  ),
  walked as (
    (select ${walkedColumns}, 0 as lap from json_to_recordset(?) as s (owner text, meter text, day date)
      join bucket b on b.owner = s.owner and b.meter = s.meter and b.day = s.day where s.day >= (select first_day from bounds))
    union all
    (select ${walkedColumns}, 1 from bucket b
      where (b.day + 0, b.owner, b.meter) > (${cursor})
        and b.day + 0 <= (select last_day from bounds) ${inOrder})
    union all
    (select ${walkedColumns}, 2 from bucket b
      where (b.day + 0, b.owner, b.meter) <= (${cursor})
        and b.day + 0 >= (select first_day from bounds) ${inOrder})
  ),
  queued as materialized (
    select owner, meter, day, settled, min(lap) as lap, settled > (select max_rows from bounds) as is_oversized,
      row_number() over queue as place,
      sum(case when settled > (select max_rows from bounds) then 1 else settled + 1 end) over queue as rows_with
    from walked group by owner, meter, day, settled
    window queue as (order by min(lap), day, owner, meter)
  ),
  taken as materialized (
    select * from queued where place = 1 or (place <= (select max_buckets from bounds) and rows_with <= (select max_rows from bounds))
  ),
  checked as materialized (
    select l.*, l.settled = l.ledger_amount and l.escrow = l.lease_escrow and l.leases_agree and l.repeated_rows = 0
      and l.settled + l.escrow <= l.cap as agrees
    from taken t join bucket_ledger l on l.owner = t.owner and l.meter = t.meter and l.day = t.day
    where not t.is_oversized
  )
  select bounds.first_day::text as "fromDay", bounds.last_day::text as "toDay",
    (select count(*) from queued) < bounds.max_buckets and (select count(*) from queued) = (select count(*) from taken) as "isWhole",
    count(c.owner)::integer as "checkedBuckets",
    (count(*) filter (where c.agrees))::integer as "agreeingBuckets",
    (select count(*) from taken where is_oversized)::integer as "oversizedBuckets",
    coalesce(sum(c.missing_seqs), 0)::integer as "missingSeqs",
    coalesce(sum(c.repeated_rows), 0)::integer as "repeatedRows",
    coalesce(sum(c.burned), 0)::integer as "burnedTokens",
    coalesce(sum(c.open_rows), 0)::integer as "openRows",
    coalesce(sum(c.unknown_rows), 0)::integer as "unknownRows",
    (extract(epoch from bounds.at - min(c.oldest_open_at)) * 1000)::float8 as "oldestOpenMs",
    (extract(epoch from bounds.at - min(c.oldest_gap_at)) * 1000)::float8 as "oldestGapMs",
    (select json_build_object('owner', owner, 'meter', meter, 'day', day) from taken where lap > 0 order by place desc limit 1) as last,
    (select coalesce(json_agg(json_build_object('owner', owner, 'meter', meter, 'day', day)), '[]') from checked where not agrees)
      as disagreeing
  from bounds left join checked c on true group by bounds.first_day, bounds.last_day, bounds.at, bounds.max_buckets`;

/** Counts, in one snapshot, how many buckets agree with their ledger: as many as the bounds allow, on from where a run ended. */
export async function countConsistency(db: Database, bounds: CheckBounds, from: CheckFrom): Promise<ConsistencyCount> {
  const { day, owner, meter } = from.after ?? { day: "0001-01-01", owner: "", meter: "" };
  const values = [day, owner, meter, bounds.maxBuckets, bounds.maxRows, JSON.stringify(from.suspects)];
  return db.transaction(async (trx) => {
    await trx.raw(`set local statement_timeout = ${timeoutMs}`);
    const { rows } = await trx.raw<{ rows: ConsistencyCount[] }>(checkSql, values);
    const row = rows[0];
    if (row === undefined) throw new Error("the consistency query gave no row");
    return row;
  });
}

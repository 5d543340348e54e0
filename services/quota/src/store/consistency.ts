import type { Database } from "@topdog/postgres/pool";

export interface ConsistencyCount {
  readonly fromDay: string;
  readonly toDay: string;
  readonly touchedBuckets: number;
  readonly checkedBuckets: number;
  readonly agreeingBuckets: number;
  readonly missingSeqs: number;
  readonly repeatedRows: number;
  readonly burnedTokens: number;
  readonly openRows: number;
  readonly unknownRows: number;
  readonly oldestOpenMs: number | null;
  readonly oldestGapMs: number | null;
}

const timeoutMs = 2_000;

// Everything of yesterday and today while that is at most `rowBudget` ledger rows; beyond, another random sample each time.
const checkSql = `with bounds as materialized (select utc_today() - 1 as first_day, utc_today() as last_day, utc_now() as at),
  touched as materialized (
    select b.owner, b.meter, b.day, b.settled,
      sum(b.settled + 1) over (order by hashtextextended(b.owner || b.meter || b.day, ?)) - b.settled as rows_before
    from bucket b, bounds where b.day + 0 between bounds.first_day and bounds.last_day
  ),
  checked as (
    select l.*, l.settled = l.ledger_amount and l.escrow = l.lease_escrow and l.leases_agree and l.repeated_rows = 0
      and l.settled + l.escrow <= l.cap as agrees
    from touched t join bucket_ledger l on l.owner = t.owner and l.meter = t.meter and l.day = t.day
    where t.rows_before <= ?
  )
  select bounds.first_day::text as "fromDay", bounds.last_day::text as "toDay",
    (select count(*) from touched)::integer as "touchedBuckets",
    count(c.owner)::integer as "checkedBuckets",
    (count(*) filter (where c.agrees))::integer as "agreeingBuckets",
    coalesce(sum(c.missing_seqs), 0)::integer as "missingSeqs",
    coalesce(sum(c.repeated_rows), 0)::integer as "repeatedRows",
    coalesce(sum(c.burned), 0)::integer as "burnedTokens",
    coalesce(sum(c.open_rows), 0)::integer as "openRows",
    coalesce(sum(c.unknown_rows), 0)::integer as "unknownRows",
    (extract(epoch from bounds.at - min(c.oldest_open_at)) * 1000)::float8 as "oldestOpenMs",
    (extract(epoch from bounds.at - min(c.oldest_gap_at)) * 1000)::float8 as "oldestGapMs"
  from bounds left join checked c on true group by bounds.first_day, bounds.last_day, bounds.at`;

/** Counts, in one snapshot, how many buckets agree with their ledger. `salt` chooses the sample when not all can be read. */
export async function countConsistency(db: Database, rowBudget: number, salt: number): Promise<ConsistencyCount> {
  return db.transaction(async (trx) => {
    await trx.raw(`set local statement_timeout = ${timeoutMs}`);
    const { rows } = await trx.raw<{ rows: ConsistencyCount[] }>(checkSql, [salt, rowBudget]);
    const row = rows[0];
    if (row === undefined) throw new Error("the consistency query gave no row");
    return row;
  });
}

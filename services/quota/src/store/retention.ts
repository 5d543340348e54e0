import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";

/** Drops the ledger's partitions of days before the kept ones: two at most, so that it holds its lock for a moment. Returns how many. */
export async function dropOldPartitions(db: Database, keptDays: number): Promise<number> {
  return inTransaction(db, async (trx) => {
    await trx.raw("set local lock_timeout = '2s'");
    const { rows } = await trx.raw<{ rows: { dropped: number }[] }>("select drop_ledger_partitions(?) as dropped", [
      keptDays,
    ]);
    return rows[0]?.dropped ?? 0;
  });
}

const firstKept = "(select utc_today() - ?::integer)";

/** Rows of days that had no partition. */
const strayRows = `delete from ledger_default where ctid = any(array(
  select ctid from ledger_default where day + 0 < ${firstKept} order by day + 0 limit ?))`;

const ofDay = (table: string): string => `delete from ${table} where ctid = any(array(
  select ctid from ${table} where day < ${firstKept} order by day limit ?))`;

// Leases before the buckets that they belong to. A bucket whose leases are not all gone yet stays for the next pass.
const oldBuckets = `select owner, meter, day from bucket where day + 0 < ${firstKept} order by day + 0, owner, meter limit ?`;
const leasesOfOld = `delete from lease where lease_id = any(array(
  select l.lease_id from (${oldBuckets}) b join lease l on l.owner = b.owner and l.meter = b.meter and l.day = b.day limit ?))`;
const emptyBuckets = `delete from bucket where ctid = any(array(
  select b.ctid from (${oldBuckets}) o join bucket b on b.owner = o.owner and b.meter = o.meter and b.day = o.day
  where not exists (select from lease l where l.owner = b.owner and l.meter = b.meter and l.day = b.day)))`;

/**
 * Removes what belongs to days before the kept ones and is not the ledger itself: `most` rows of each kind at most. Returns how many rows are gone.
 * The ledger's rows of those days must be gone before.
 */
export async function forgetOldDays(db: Database, keptDays: number, most: number): Promise<number> {
  let gone = 0;
  const run = async (sql: string, values: readonly number[]): Promise<void> => {
    const { rowCount } = await db.raw<{ rowCount: number | null }>(sql, [...values]);
    gone += rowCount ?? 0;
  };
  await run(strayRows, [keptDays, most]);
  for (const table of ["metering_gap", "lease_proof", "proven_bucket", "proven_day"])
    await run(ofDay(table), [keptDays, most]);
  await run(leasesOfOld, [keptDays, most, most]);
  await run(emptyBuckets, [keptDays, most]);
  return gone;
}

import type { Transaction } from "@topdog/postgres/pool";
import type { BucketKey } from "../domain/bucket.ts";
import type { Lease } from "../domain/lease.ts";
import { prepared, type Statement } from "./prepared.ts";

const leaseColumns = `l.lease_id::text as "leaseId", l.owner, l.meter, l.day::text as day, l.gateway_id as "gatewayId", l.size,
  l.acked, l.reported, l.highest_seq as highest, l.returned, l.burned, l.credit_window as "window", l.state,
  l.final_used as "finalUsed"`;

// The state stands in coalesce to hide it from statistics: those of a day whose leases are all closed say that an index of the
// open ones is empty, and then the planner reads the whole of it for each bucket.
const readStatement: Statement<Lease> = {
  name: "read_leases",
  sql: `select ${leaseColumns} from lease l where l.lease_id = any(?::bigint[])
  union
  select ${leaseColumns} from unnest(?::text[], ?::text[], ?::date[]) as b (owner, meter, day)
  join lease l on l.owner = b.owner and l.meter = b.meter and l.day = b.day and coalesce(l.state, '') = 'open'`,
};

/** These leases, and every open lease of these buckets. Only under the buckets' locks: nobody changes them meanwhile. */
export async function readLeases(
  trx: Transaction,
  leaseIds: readonly string[],
  buckets: readonly BucketKey[],
): Promise<Lease[]> {
  const [owners, meters, days] = [buckets.map((b) => b.owner), buckets.map((b) => b.meter), buckets.map((b) => b.day)];
  const { rows } = await prepared(trx, readStatement, [leaseIds, owners, meters, days]);
  return rows;
}

const openOnDay = "case when state = 'open' then day + 0 end";

/**
 * Open leases whose gateway was not seen for a while, and idle ones of past days: `most` of each at most, and no more are read. Read
 * without locks: a lease is judged again under its bucket's lock. Gateways first and then their leases, an order that the inner
 * limit keeps: the other way round each sweep would read every open lease.
 */
export async function findAbandonedLeases(trx: Transaction, timeoutMs: number, most: number): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { leaseId: string }[] }>(
    `with horizon as materialized (select utc_now() - make_interval(secs => ? / 1000.0) as at)
     (select l.lease_id::text as "leaseId" from gateway g
      cross join lateral (select from_gone.lease_id from lease from_gone
        where case when from_gone.state = 'open' then from_gone.gateway_id end = g.gateway_id limit ?) l
      where g.last_seen < (select at from horizon) limit ?)
     union
     (select l.lease_id::text from (
        select lease_id, touched_at from lease where ${openOnDay} < (select utc_today()) order by ${openOnDay} limit ?
      ) l where l.touched_at < (select at from horizon))`,
    [timeoutMs, most, most, most],
  );
  return rows.map((row) => row.leaseId);
}

/** Lease ids of one history of the database: after a restore they go on in the next one. */
const idsPerEpoch = 1_000_000_000_000n;

// Held and ended: as in `skipLostLeaseIds`. No row when nothing has been lost.
const lostIds = `select greatest(held, ended, s.last_value) / ${idsPerEpoch} + 1 as epoch
  from lease_lease_id_seq s, (select max(id) as held from unnest(?::bigint[]) as id) h,
    (select max(id) as ended from unnest(?::bigint[]) as id) e
  where held / ${idsPerEpoch} >= s.last_value / ${idsPerEpoch} or ended > s.last_value`;
const findLost: Statement<{ epoch: string }> = { name: "find_lost_lease_ids", sql: lostIds };
const skipLost: Statement<{ epoch: string }> = {
  name: "skip_lost_lease_ids",
  sql: `select setval('lease_lease_id_seq', epoch * ${idsPerEpoch}, false) as epoch from (${lostIds}) as lost`,
};

/**
 * When gateways hold leases of this epoch that the database does not know, or held some that it has yet to make, new leases get ids
 * above all of them. A sequence is in no transaction: it stays moved whatever happens. Returns whether it moved.
 */
export async function skipLostLeaseIds(
  trx: Transaction,
  held: readonly string[],
  ended: readonly string[],
): Promise<boolean> {
  if ((await prepared(trx, findLost, [held, ended])).rows.length === 0) return false;
  // One at a time: the second finds nothing lost any more.
  await trx.raw("select pg_advisory_xact_lock(hashtextextended('topdog lease epoch', 0))");
  return (await prepared(trx, skipLost, [held, ended])).rows.length > 0;
}

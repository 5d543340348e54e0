import { randomInt } from "node:crypto";
import type { Transaction } from "@topdog/postgres/pool";
import type { BucketKey } from "../domain/bucket.ts";
import type { Holding } from "../domain/holders.ts";
import type { Lease } from "../domain/lease.ts";
import type { LostLease } from "../domain/lost-history.ts";
import { prepared, type Statement } from "./prepared.ts";

const leaseColumns = `l.lease_id::text as "leaseId", l.owner, l.meter, l.day::text as day, l.gateway_id as "gatewayId", l.member, l.size,
  l.acked, l.reported, l.highest_seq as highest, l.returned, l.burned, l.credit_window as "window", l.state,
  l.final_used as "finalUsed"`;

const namedStatement: Statement<Lease> = {
  name: "read_leases",
  sql: `select ${leaseColumns} from lease l where l.lease_id = any(?::bigint[])`,
};

/** Only under their buckets' locks: nobody changes them meanwhile. */
export async function readLeases(trx: Transaction, leaseIds: readonly string[]): Promise<Lease[]> {
  return (await prepared(trx, namedStatement, [leaseIds])).rows;
}

/** A bucket of a message; `asks`: for a lease of it, and has none or does not know it. */
export type AskedBucket = BucketKey & { readonly asks: boolean };

/** The leases that a message is about, and what all others hold of its buckets. */
export interface HeldLeases {
  readonly leases: readonly Lease[];
  readonly others: readonly Holding[];
}

/** `leases` is null for a lease; else the row sums up that many. */
type HeldRow = Lease & { readonly leases: number | null };

// Of an org's bucket each gateway has a lease for each member who draws there, so what the message is not about is added up here. The state
// stands in coalesce to hide it from statistics: those of a day whose leases are all closed say that an index of the open ones is empty, and
// then the planner reads the whole of it for each bucket. `not in` looks each lease up among those that are named; a join would compare it with each.
const heldStatement: Statement<HeldRow> = {
  name: "read_held_leases",
  sql: `with open as materialized (
    select l.*, b.asks and l.gateway_id = ? as is_asked from unnest(?::text[], ?::text[], ?::date[], ?::boolean[]) as b (owner, meter, day, asks)
    join lease l on l.owner = b.owner and l.meter = b.meter and l.day = b.day and coalesce(l.state, '') = 'open'
  )
  select ${leaseColumns}, null::integer as leases from lease l where l.lease_id = any(?::bigint[])
  union
  select ${leaseColumns}, null from open l where is_asked
  union all
  select null, owner, meter, day::text, '', member, sum(size - acked - returned)::integer, 0, 0, 0, 0, 0, 0, 'open', null, count(*)::integer
  from open where not is_asked and size - acked - returned > 0 and lease_id not in (select unnest(?::bigint[]))
  group by owner, meter, day, member`,
};

/** These leases, the gateway's open ones of the buckets that are asked for, and what all others hold. Only under the buckets' locks. */
export async function readHeldLeases(
  trx: Transaction,
  gatewayId: string,
  leaseIds: readonly string[],
  buckets: readonly AskedBucket[],
): Promise<HeldLeases> {
  const columns = [
    buckets.map((b) => b.owner),
    buckets.map((b) => b.meter),
    buckets.map((b) => b.day),
    buckets.map((b) => b.asks),
  ];
  const values = [gatewayId, ...columns, leaseIds, leaseIds];
  const { rows } = await prepared(trx, heldStatement, values);
  const { leases = [], others = [] } = Object.groupBy(rows, (row) => (row.leases === null ? "leases" : "others"));
  return {
    leases: leases.map(({ leases: _one, ...lease }) => lease),
    others: others.map(({ owner, meter, day, member, size, leases: count }) => ({
      owner,
      meter,
      day,
      member,
      open: size,
      leases: count ?? 0,
    })),
  };
}

const openOnDay = "case when state = 'open' then day + 0 end";

/**
 * Open leases whose gateway was not seen for a while (or seen in the future, before the clock was put back), and idle ones of past days: `most` of each at most, and no more are read. Read
 * without locks: a lease is judged again under its bucket's lock. Gateways first and then their leases, an order that the inner
 * limit keeps: the other way round each sweep would read every open lease.
 */
export async function findAbandonedLeases(trx: Transaction, timeoutMs: number, most: number): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { leaseId: string }[] }>(
    `with horizon as materialized (
       select utc_now() - make_interval(secs => ? / 1000.0) as at, utc_now() + make_interval(secs => ? / 1000.0) as future
     )
     (select l.lease_id::text as "leaseId" from gateway g
      cross join lateral (select from_gone.lease_id from lease from_gone
        where case when from_gone.state = 'open' then from_gone.gateway_id end = g.gateway_id limit ?) l
      where g.last_seen < (select at from horizon) or g.last_seen > (select future from horizon) limit ?)
     union
     (select l.lease_id::text from (
        select lease_id, touched_at from lease where ${openOnDay} < (select utc_today()) order by ${openOnDay} limit ?
      ) l where l.touched_at < (select at from horizon))`,
    [timeoutMs, timeoutMs, most, most, most],
  );
  return rows.map((row) => row.leaseId);
}

/**
 * An epoch of lease ids begins with the first lease that a process of quota makes on a server that was started, and when a restore is noticed. Its number is
 * the tenth of a second in which it began, or the next free one: processes that begin together are some tenths ahead, and no server is restored as fast.
 * A clock that was ahead lets a history that is forgotten have epochs of the same numbers: each one's ids begin at a place of its own.
 */
export const idsPerEpoch = 100_000_000n;
export const epochMs = 100;
/** Unix milliseconds of 2026-01-01: the numbers last for centuries. */
export const epochsSinceMs = 1_767_225_600_000;

/** Where in an epoch its ids begin: from 1 to `mostFirstId`. */
export type DrawFirstId = () => number;
/** The rest of an epoch has room for ten million leases; more of them go on in the next one. */
export const mostFirstId = 90_000_000;
export const drawFirstId: DrawFirstId = () => randomInt(1, mostFirstId + 1);

// Held and ended: as in `skipLostLeaseIds`. No row when nothing has been lost.
const lostIds = `select greatest(held, ended, s.last_value) / ${idsPerEpoch} + 1 as epoch
  from lease_lease_id_seq s, (select max(id) as held from unnest(?::bigint[]) as id) h,
    (select max(id) as ended from unnest(?::bigint[]) as id) e
  where held / ${idsPerEpoch} >= s.last_value / ${idsPerEpoch} or ended > s.last_value`;
const findLost: Statement<{ epoch: string }> = { name: "find_lost_lease_ids", sql: lostIds };
const skipLost: Statement<{ epoch: string }> = {
  name: "skip_lost_lease_ids",
  sql: `select setval('lease_lease_id_seq', epoch * ${idsPerEpoch} + ?::bigint, false) as epoch from (${lostIds}) as lost`,
};

const lockEpochs = (trx: Transaction): Promise<unknown> =>
  trx.raw("select pg_advisory_xact_lock(hashtextextended('topdog lease epoch', 0))");

/** New leases get ids that none had before, also in a history that this database has forgotten: time goes on in all of them. */
export async function beginLeaseEpoch(trx: Transaction, firstId: number): Promise<void> {
  await lockEpochs(trx);
  await trx.raw(
    `select setval('lease_lease_id_seq', greatest(last_value / ${idsPerEpoch} + 1, floor((extract(epoch from utc_now()) * 1000 - ${epochsSinceMs}) / ${epochMs})::bigint) * ${idsPerEpoch} + ?::bigint, false)
     from lease_lease_id_seq`,
    [firstId],
  );
}

/**
 * When gateways hold leases of this epoch that the database does not know, or held some that it has yet to make, new leases get ids
 * above all of them. A sequence is in no transaction: it stays moved whatever happens. Returns whether it moved.
 */
export async function skipLostLeaseIds(
  trx: Transaction,
  held: readonly string[],
  ended: readonly string[],
  draw: DrawFirstId,
): Promise<boolean> {
  if ((await prepared(trx, findLost, [held, ended])).rows.length === 0) return false;
  // One at a time: the second finds nothing lost any more.
  await lockEpochs(trx);
  return (await prepared(trx, skipLost, [draw(), held, ended])).rows.length > 0;
}

const remakeStatement: Statement<Lease> = {
  name: "remake_leases",
  sql: `insert into lease as l (lease_id, owner, meter, day, gateway_id, member, size, credit_window, state) overriding system value
  select r."leaseId", r.owner, r.meter, r.day, r."gatewayId", r.member, 0, r."window", 'closed'
  from json_to_recordset(?) as r ("leaseId" bigint, owner text, meter text, day date, "gatewayId" text, member text, "window" integer)
  on conflict do nothing returning ${leaseColumns}`,
};

/** Makes leases again that were lost, empty and closed; but for those whose ids belong to somebody else by now. Returns what it made. */
export const remakeLeases = async (trx: Transaction, lost: readonly LostLease[]): Promise<Lease[]> =>
  (await prepared(trx, remakeStatement, [JSON.stringify(lost)])).rows;

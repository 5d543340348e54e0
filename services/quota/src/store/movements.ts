import type { Transaction } from "@topdog/postgres/pool";
import type { CreatedLease, Lease, NewLease } from "../domain/lease.ts";
import type { BucketChange } from "../domain/tally.ts";
import { prepared, type Statement } from "./prepared.ts";

export interface Movements {
  readonly buckets: readonly BucketChange[];
  readonly leases: readonly Lease[];
  readonly newLeases: readonly NewLease[];
}

// One statement for everything that moved. The condition on a grant holds by the lock already; it is repeated here so that the
// row itself refuses to be oversold, whatever the code believed.
const moveTokens: Statement<MoveRow> = {
  name: "move_tokens",
  sql: `with changed_bucket as (
    update bucket b set settled = b.settled + c.settled, refunded = b.refunded + c.refunded, escrow = b.escrow + c.escrow,
      told_exhausted = c.told_exhausted, exhausted_published = c.exhausted_published, changed_at = utc_now()
    from json_to_recordset(?) as c (owner text, meter text, day date, settled integer, refunded integer, escrow integer, granted integer,
      told_exhausted boolean, exhausted_published boolean)
    where b.owner = c.owner and b.meter = c.meter and b.day = c.day
      and (c.granted = 0 or b.settled + c.settled + b.escrow + c.escrow <= b.daily_limit)
    returning 1
  ), changed_lease as (
    update lease l set size = c.size, acked = c.acked, reported = c.reported, highest_seq = c.highest, returned = c.returned,
      burned = c.burned, state = c.state, final_used = c.final_used, touched_at = utc_now()
    from json_to_recordset(?) as c (lease_id bigint, size integer, acked integer, reported integer, highest integer,
      returned integer, burned integer, state text, final_used integer)
    where l.lease_id = c.lease_id
    returning 1
  ), created_lease as (
    insert into lease (owner, meter, day, gateway_id, member, size, credit_window)
    select c.owner, c.meter, c.day, c.gateway_id, c.member, c.size, c.credit_window
    from json_to_recordset(?) as c (owner text, meter text, day date, gateway_id text, member text, size integer, credit_window integer)
    returning owner, meter, day::text as day, member, lease_id::text as "leaseId"
  )
  select (select count(*)::integer from changed_bucket) as buckets, (select count(*)::integer from changed_lease) as leases,
    (select coalesce(json_agg(created_lease), '[]') from created_lease) as created`,
};

interface MoveRow {
  readonly buckets: number;
  readonly leases: number;
  readonly created: CreatedLease[];
}

export async function applyMovements(trx: Transaction, movements: Movements): Promise<CreatedLease[]> {
  const { buckets, leases, newLeases } = movements;
  if (buckets.length + leases.length + newLeases.length === 0) return [];
  const { rows } = await prepared(trx, moveTokens, [
    JSON.stringify(buckets.map(toBucketRow)),
    JSON.stringify(leases.map(toLeaseRow)),
    JSON.stringify(newLeases.map(toNewLeaseRow)),
  ]);
  const row = rows[0];
  if (row?.buckets !== buckets.length || row.leases !== leases.length) {
    throw new Error("a grant was refused by the database, or a row vanished under its lock");
  }
  return row.created;
}

const toBucketRow = ({ owner, meter, day, settled, refunded, escrow, granted, after }: BucketChange): object => ({
  owner,
  meter,
  day,
  settled,
  refunded,
  escrow,
  granted,
  told_exhausted: after.toldExhausted,
  exhausted_published: after.exhaustedPublished,
});

const toLeaseRow = ({
  leaseId,
  size,
  acked,
  reported,
  highest,
  returned,
  burned,
  state,
  finalUsed,
}: Lease): object => ({
  size,
  acked,
  reported,
  highest,
  returned,
  burned,
  state,
  lease_id: leaseId,
  final_used: finalUsed,
});

const toNewLeaseRow = ({ owner, meter, day, gatewayId, member, size, window }: NewLease): object => ({
  owner,
  meter,
  day,
  member,
  size,
  gateway_id: gatewayId,
  credit_window: window,
});

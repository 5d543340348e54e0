import type { Database } from "@topdog/postgres/pool";

/** What all rows of one day add up to. */
export interface DaySums {
  readonly buckets: number;
  readonly leases: number;
  readonly openLeases: number;
  readonly charges: number;
  readonly refunds: number;
  readonly settled: number;
  readonly escrow: number;
  readonly burned: number;
  /** Members who drew from the buckets of their orgs, and what they drew. */
  readonly members: number;
  readonly drawn: number;
  readonly openRows: number;
  readonly unknownRows: number;
  /** API calls charged, as the ledger's completed rows and as the roll-ups that customers are shown have them. */
  readonly completedCalls: number;
  readonly rolledUpCalls: number;
}

export interface DayGap {
  readonly owner: string;
  readonly meter: string;
  /** Null: the bucket as a whole. */
  readonly leaseId: string | null;
  /** Whose draw of an org's bucket it is about. */
  readonly member: string | null;
  readonly guarantee: string;
  readonly expected: number;
  readonly actual: number;
}

const mostGaps = 100;

const factsOfDay = `with ledger_of as materialized (
    select lease_id, meter, count(*) filter (where entry = 'charge') as charges, count(*) filter (where entry = 'refund') as refunds,
      count(distinct seq) filter (where entry = 'charge') as seqs, max(seq) as highest,
      count(*) filter (where state = 'admitted') as open_rows, count(*) filter (where state = 'unknown') as unknown_rows
    from ledger where day = ?::date group by lease_id, meter
  ), lease_of as materialized (
    select l.*, coalesce(g.charges, 0) as charges, coalesce(g.refunds, 0) as refunds, coalesce(g.seqs, 0) as seqs,
      coalesce(g.highest, 0) as ledger_highest, coalesce(g.open_rows, 0) as open_rows, coalesce(g.unknown_rows, 0) as unknown_rows
    from lease l left join ledger_of g on g.lease_id = l.lease_id and g.meter = l.meter where l.day = ?::date
  ), draw_of as materialized (
    select coalesce(d.owner, t.owner) as owner, coalesce(d.meter, t.meter) as meter, coalesce(d.member, t.member) as member,
      coalesce(d.drawn, 0) as drawn, coalesce(t.taken, 0) as taken
    from (select owner, meter, member, drawn from member_draw where day = ?::date) d
    full join (
      select owner, meter, member, sum(size - returned - refunds) as taken from lease_of where member is not null group by owner, meter, member
    ) t on t.owner = d.owner and t.meter = d.meter and t.member = d.member
  ), bucket_of as materialized (
    select b.owner, b.meter, b.cap, b.settled, b.escrow, coalesce(sum(l.charges - l.refunds), 0) as amount,
      coalesce(sum(l.size - l.acked - l.returned), 0) as held,
      -- By members, and by leases that are for nobody: the release before made such ones of orgs' buckets.
      d.drawn + coalesce(sum(l.size - l.returned - l.refunds) filter (where l.member is null), 0) as drawn
    from bucket b left join lease_of l on l.owner = b.owner and l.meter = b.meter
    left join (select owner, meter, sum(drawn) as drawn from draw_of group by owner, meter) d on d.owner = b.owner and d.meter = b.meter
    where b.day = ?::date
    group by b.owner, b.meter, b.cap, b.settled, b.escrow, d.drawn
  )`;
const daysNamed = (day: string): string[] => [day, day, day, day];

export async function sumDay(db: Database, day: string): Promise<DaySums> {
  const { rows } = await db.raw<{ rows: DaySums[] }>(
    `${factsOfDay}
     select b.*, l.*, d.*, r.* from
       (select count(*)::float8 as buckets, coalesce(sum(settled), 0)::float8 as settled, coalesce(sum(escrow), 0)::float8 as escrow from bucket_of) b,
       (select count(*)::float8 as leases, (count(*) filter (where state = 'open'))::float8 as "openLeases",
          coalesce(sum(charges), 0)::float8 as charges, coalesce(sum(refunds), 0)::float8 as refunds, coalesce(sum(burned), 0)::float8 as burned,
          coalesce(sum(open_rows), 0)::float8 as "openRows", coalesce(sum(unknown_rows), 0)::float8 as "unknownRows" from lease_of) l,
       (select count(*)::float8 as members, coalesce(sum(drawn), 0)::float8 as drawn from draw_of) d,
       (select coalesce((select sum(amount) from ledger where day = ?::date and meter = 'api_calls' and state = 'completed' and key_id is not null), 0)::float8
            as "completedCalls",
          (coalesce((select sum(calls) from usage_rollup where grain = 'day' and at = ?::timestamp at time zone 'utc'), 0)
            + coalesce((select sum(calls) from usage_rollup_delta where at >= ?::timestamp at time zone 'utc'
                and at < (?::date + 1)::timestamp at time zone 'utc'), 0))::float8 as "rolledUpCalls") r`,
    [...daysNamed(day), day, day, day, day],
  );
  const sums = rows[0];
  if (sums === undefined) throw new Error("the day gave no row");
  return sums;
}

/** Where a day's rows do not add up: the first hundred places. Reads every row of the day. */
export async function findGapsOfDay(db: Database, day: string): Promise<DayGap[]> {
  const { rows } = await db.raw<{ rows: DayGap[] }>(
    `${factsOfDay}
     select owner, meter, null as "leaseId", null as member, guarantee, expected::float8 as expected, actual::float8 as actual from bucket_of b
     cross join lateral (values
       ('settled is the sum of the ledger', b.amount, b.settled, b.settled = b.amount),
       ('escrow is what leases hold', b.held, b.escrow, b.escrow = b.held),
       ('never oversold', b.cap, b.settled + b.escrow, b.settled + b.escrow <= b.cap),
       ('what members drew is settled or in escrow', b.settled + b.escrow, b.drawn, coalesce(b.drawn = b.settled + b.escrow, true))
     ) as v (guarantee, expected, actual, holds) where not holds
     union all
     select owner, meter, null, member, 'what a member drew is what their leases took', taken::float8, drawn::float8 from draw_of where drawn <> taken
     union all
     select owner, meter, lease_id::text, null, guarantee, expected::float8, actual::float8 from lease_of l
     cross join lateral (values
       ('acked is what the ledger holds', l.charges, l.acked, l.acked = l.charges),
       ('one row per seq', l.seqs, l.charges, l.seqs = l.charges),
       ('no seq below the highest is missing', l.ledger_highest, l.seqs, l.ledger_highest = l.seqs),
       ('every call has its usage record', 0, l.unknown_rows, l.unknown_rows = 0),
       ('size is acked, returned, burned and open', l.size, l.acked + l.returned + l.burned,
         l.acked + l.returned + l.burned <= l.size and (l.state = 'open' or l.acked + l.returned + l.burned = l.size))
     ) as v (guarantee, expected, actual, holds) where not holds
     union all
     select '', g.meter, g.lease_id::text, null, 'a row belongs to a lease of its day', 0, g.charges::float8 from ledger_of g
     where not exists (select from lease l where l.lease_id = g.lease_id and l.day = ?::date and l.meter = g.meter)
     order by 1, 2, 3, 4, 5 limit ?`,
    [...daysNamed(day), day, mostGaps],
  );
  return rows;
}

import type { Transaction } from "@topdog/postgres/pool";

/** A range of days, both ends counted. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** A figure that does not follow from the ledger. */
export interface Difference {
  readonly table: "lease" | "bucket" | "member_draw" | "usage_rollup";
  readonly place: string;
  /** By the ledger. */
  readonly expected: string;
  readonly actual: string;
}

const inRange = "day between ?::date and ?::date";
const ledgerByLease = `select lease_id, count(*) filter (where entry = 'charge') as charges, max(seq) filter (where entry = 'charge') as highest,
    sum(amount) as amount from ledger where ${inRange} group by lease_id`;
/** The leases of the range as the ledger says that they are: a closed lease's rest is what it returned or burned. */
const shadowLeases = `select l.*, coalesce(g.charges, 0)::integer as shadow_acked, coalesce(g.highest, 0)::integer as shadow_highest,
    coalesce(g.amount, 0)::integer as shadow_amount,
    case when l.final_used is null then l.returned else l.size - coalesce(g.charges, 0)::integer end as shadow_returned
  from (select * from lease where ${inRange}) l left join (${ledgerByLease}) g on g.lease_id = l.lease_id`;

/** What members drew: what their leases took, less what was given back. */
const shadowDraws = `select owner, meter, day, member, sum(size - shadow_returned - shadow_acked + shadow_amount)::integer as drawn
  from l where member is not null group by owner, meter, day, member`;

const sums = [
  "calls",
  "llm_requests",
  "answered_calls",
  "refunded_calls",
  "prompt_tokens",
  "completion_tokens",
  "cost_nano_usd",
  "unpriced_calls",
] as const;
const sumList = sums.join(", ");
const keyColumns = "tenant, grain, at, user_id, key_id, source, model, provider";
/** As `note_completed_usage` counts them. */
const shadowRollup = `select u.tenant, g.grain, date_trunc(g.grain, u.at, 'UTC') as at, user_id, key_id, source, model, provider,
    ${sums.map((column) => `sum(${column})::bigint as ${column}`).join(", ")}
  from (
    select coalesce('org:' || org_id, 'user:' || user_id) as tenant, usage_hour(day, started_at) as at, user_id, key_id, source,
      nullif(left(model, 200), '') as model, nullif(left(provider, 200), '') as provider,
      coalesce(sum(amount) filter (where meter = 'api_calls'), 0) as calls,
      coalesce(sum(amount) filter (where meter = 'llm_requests'), 0) as llm_requests,
      coalesce(sum(amount) filter (where meter = 'api_calls'
        and (outcome = 'interrupted' or (provider is not null and outcome <> 'rejected'))), 0) as answered_calls,
      count(*) filter (where meter = 'api_calls' and entry = 'refund') as refunded_calls,
      coalesce(sum(prompt_tokens), 0) as prompt_tokens, coalesce(sum(completion_tokens), 0) as completion_tokens,
      coalesce(sum(cost_nano_usd), 0) as cost_nano_usd,
      count(*) filter (where meter = 'api_calls' and entry = 'charge' and cost_nano_usd is null) as unpriced_calls
    from ledger where ${inRange} and state = 'completed' and key_id is not null group by 1, 2, 3, 4, 5, 6, 7
  ) u cross join (values ('hour'), ('day')) as g (grain) group by 1, 2, 3, 4, 5, 6, 7, 8`;
const rollupInRange = "at >= ?::timestamp at time zone 'utc' and at < (?::date + 1)::timestamp at time zone 'utc'";

const differenceSql = `with l as materialized (${shadowLeases}), s as materialized (${shadowRollup})
  select 'lease' as table, 'lease ' || lease_id || ' of ' || owner || ' ' || meter || ' ' || day as place,
    'acked ' || shadow_acked || ', highest ' || shadow_highest as expected, 'acked ' || acked || ', highest ' || highest_seq as actual
  from l where acked <> shadow_acked or highest_seq <> shadow_highest
  union all
  select 'bucket', b.owner || ' ' || b.meter || ' ' || b.day, 'settled ' || coalesce(sum(l.shadow_amount), 0), 'settled ' || b.settled
  from (select * from bucket where ${inRange}) b left join l on l.owner = b.owner and l.meter = b.meter and l.day = b.day
  group by b.owner, b.meter, b.day, b.settled having b.settled <> coalesce(sum(l.shadow_amount), 0)
  union all
  select 'member_draw', coalesce(s.member, d.member) || ' of ' || coalesce(s.owner, d.owner) || ' ' || coalesce(s.meter, d.meter) || ' ' || coalesce(s.day, d.day),
    'drawn ' || coalesce(s.drawn, 0), 'drawn ' || coalesce(d.drawn, 0)
  from (${shadowDraws}) s full join (select * from member_draw where ${inRange}) d
    on d.owner = s.owner and d.meter = s.meter and d.day = s.day and d.member = s.member
  where coalesce(s.drawn, 0) <> coalesce(d.drawn, 0)
  union all
  select 'usage_rollup', r.grain || ' ' || r.at || ' of ' || r.tenant || ' ' || r.key_id, coalesce(r.expected, 'nothing'), coalesce(r.actual, 'nothing')
  from (
    select coalesce(s.grain, a.grain) as grain, coalesce(s.at, a.at) as at, coalesce(s.tenant, a.tenant) as tenant, coalesce(s.key_id, a.key_id) as key_id,
      concat_ws(' ', ${sums.map((column) => `s.${column}`).join(", ")}) as expected, concat_ws(' ', ${sums.map((column) => `a.${column}`).join(", ")}) as actual
    from s full join (
      select ${keyColumns}, ${sums.map((column) => `sum(${column})::bigint as ${column}`).join(", ")} from (
        select ${keyColumns}, ${sumList} from usage_rollup where ${rollupInRange}
        union all
        select tenant, g.grain, date_trunc(g.grain, at, 'UTC'), user_id, key_id, source, model, provider, ${sumList}
        from usage_rollup_delta cross join (values ('hour'), ('day')) as g (grain) where ${rollupInRange}
      ) shown group by 1, 2, 3, 4, 5, 6, 7, 8
    ) a on concat_ws('|', s.tenant, s.grain, s.at, s.user_id, s.key_id, s.source, coalesce(s.model, '-'), coalesce(s.provider, '-'))
      = concat_ws('|', a.tenant, a.grain, a.at, a.user_id, a.key_id, a.source, coalesce(a.model, '-'), coalesce(a.provider, '-'))
  ) r where r.expected <> r.actual
  order by 1, 2`;

/** Rebuilds the range's counters and sums from the ledger beside the real ones, and compares. */
export async function findDifferences(trx: Transaction, { from, to }: DayRange): Promise<Difference[]> {
  const range = [from, to];
  const values = [...range, ...range, ...range, ...range, ...range, ...range, ...range];
  return (await trx.raw<{ rows: Difference[] }>(differenceSql, values)).rows;
}

/** Puts what the ledger says in the place of the range's counters and sums. The days must be over: nothing writes them any more. */
export async function swapIn(trx: Transaction, { from, to }: DayRange): Promise<void> {
  const range = [from, to];
  await trx.raw(
    `with l as (${shadowLeases})
     update lease t set acked = l.shadow_acked, highest_seq = l.shadow_highest, reported = least(t.reported, l.shadow_acked),
       returned = l.shadow_returned,
       burned = case when l.final_used is null and t.state = 'closed' then t.size - t.returned - l.shadow_acked else t.burned end,
       final_used = case when l.final_used is null then null else l.shadow_acked end
     from l where t.lease_id = l.lease_id and (l.acked <> l.shadow_acked or l.highest_seq <> l.shadow_highest)`,
    [...range, ...range],
  );
  await trx.raw(
    `with l as (${shadowLeases}), s as (
       select owner, meter, day, sum(shadow_amount)::integer as settled, sum(size - acked - returned)::integer as escrow from l group by 1, 2, 3
     )
     update bucket b set settled = s.settled, escrow = s.escrow, cap = greatest(b.cap, s.settled + s.escrow)
     from s where b.owner = s.owner and b.meter = s.meter and b.day = s.day and (b.settled <> s.settled or b.escrow <> s.escrow)`,
    [...range, ...range],
  );
  await trx.raw(
    `with l as (${shadowLeases}), s as (${shadowDraws}), gone as (
       update member_draw d set drawn = 0 where ${inRange} and not exists (
         select from s where s.owner = d.owner and s.meter = d.meter and s.day = d.day and s.member = d.member)
     )
     insert into member_draw as d (owner, meter, day, member, drawn, asked_at)
     select owner, meter, day, member, drawn, 'epoch' from s
     on conflict (owner, meter, day, member) do update set drawn = excluded.drawn`,
    [...range, ...range, ...range],
  );
  await trx.raw(`delete from usage_rollup where ${rollupInRange}`, range);
  await trx.raw(`delete from usage_rollup_delta where ${rollupInRange}`, range);
  await trx.raw(
    `insert into usage_rollup (${keyColumns}, ${sumList}) select ${keyColumns}, ${sumList} from (${shadowRollup}) s`,
    range,
  );
}

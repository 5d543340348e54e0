import type { UsageSum } from "@topdog/contracts/events/usage-summed";
import type { Database, Transaction } from "@topdog/postgres/pool";

/** The stream keeps its messages for 14 days: no sum of an earlier day is taken any more. */
const takenDays = 15;
const maxCleanRows = 20_000;

const takenSince = `greatest((select day from usage_sums_begin), (now() at time zone 'utc')::date - ${takenDays})`;

/**
 * Adds what a member's day grew by to its payer's plan of now. A day's sum takes the place of those of lower versions: events may come
 * again, and in any order.
 */
export async function addCosts(trx: Transaction, version: number, given: readonly UsageSum[]): Promise<void> {
  // One at a time: what a day was before is not locked where it has no row yet.
  await trx.raw("select pg_advisory_xact_lock(hashtextextended('topdog usage sums', 0))");
  await trx.raw(
    `with given as (
       select * from unnest(?::text[], ?::date[], ?::text[], ?::bigint[], ?::bigint[]) as g (owner, day, user_id, calls, cost)
       where day >= ${takenSince}
     ), taken as (
       insert into usage_part as p (owner, day, user_id, calls, cost_nano_usd, version)
       select owner, day, user_id, calls, cost, ? from given order by 1, 2, 3
       on conflict (owner, day, user_id) do update
         set calls = excluded.calls, cost_nano_usd = excluded.cost_nano_usd, version = excluded.version
         where p.version < excluded.version
       returning owner, day, user_id, calls, cost_nano_usd
     ), grown as (
       select t.day, coalesce(s.plan, 'free') as plan, sum(t.calls - coalesce(p.calls, 0)) as calls,
         sum(t.cost_nano_usd - coalesce(p.cost_nano_usd, 0)) as cost
       from taken t left join usage_part p on p.owner = t.owner and p.day = t.day and p.user_id = t.user_id
       left join subscription s on s.owner = t.owner
       group by 1, 2 order by 1, 2
     )
     insert into plan_cost as c (day, plan, calls, cost_nano_usd) select day, plan, calls, cost from grown
     on conflict (day, plan) do update set calls = c.calls + excluded.calls, cost_nano_usd = c.cost_nano_usd + excluded.cost_nano_usd`,
    [
      given.map(({ tenant }) => tenant),
      given.map(({ day }) => day),
      given.map(({ userId }) => userId),
      given.map(({ calls, refundedCalls }) => calls + refundedCalls),
      given.map(({ costNanoUsd }) => costNanoUsd),
      version,
    ],
  );
}

/** What no sum can be compared with any more. */
export async function forgetUsageParts(db: Database): Promise<void> {
  await db.raw(
    `delete from usage_part where ctid = any(array(
       select ctid from usage_part where day < (now() at time zone 'utc')::date - ?::integer order by day limit ?))`,
    [takenDays, maxCleanRows],
  );
}

import type { Database } from "@topdog/postgres/pool";

export interface CountedUsage {
  /** `leaseId:seq`. */
  readonly id: string;
  readonly owner: string;
  readonly day: string;
  readonly costNanoUsd: number;
}

/** The stream keeps its messages for 14 days: none is delivered later than that. */
const keepCountedMs = 16 * 86_400_000;
const maxCleanRows = 20_000;

/** Adds what is not counted yet to the day and the plan of its owner, in one statement: repeated deliveries add nothing. */
export async function countUsage(db: Database, usages: readonly CountedUsage[]): Promise<void> {
  const columns = [
    usages.map(({ id }) => id),
    usages.map(({ owner }) => owner),
    usages.map(({ day }) => day),
    usages.map(({ costNanoUsd }) => String(costNanoUsd)),
  ];
  await db.raw(
    `with given as (
       select distinct on (id) * from unnest(?::text[], ?::text[], ?::date[], ?::bigint[]) as g (id, owner, day, cost)
     ), fresh as (
       insert into usage_counted (usage_id) select id from given order by id on conflict do nothing returning usage_id
     ), sums as (
       select g.day, coalesce(s.plan, 'free') as plan, count(*) as calls, sum(g.cost) as cost
       from given g join fresh f on f.usage_id = g.id left join subscription s on s.owner = g.owner
       group by 1, 2 order by 1, 2
     )
     insert into usage_cost as c (day, plan, calls, cost_nano_usd) select day, plan, calls, cost from sums
     on conflict (day, plan) do update set calls = c.calls + excluded.calls, cost_nano_usd = c.cost_nano_usd + excluded.cost_nano_usd`,
    columns,
  );
}

export async function deleteOldCounted(db: Database): Promise<void> {
  await db.raw(
    `delete from usage_counted where usage_id in
       (select usage_id from usage_counted where counted_at < now() - make_interval(secs => ?) order by counted_at limit ?)`,
    [keepCountedMs / 1000, maxCleanRows],
  );
}

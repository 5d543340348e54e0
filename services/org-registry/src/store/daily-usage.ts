import type { TenantSum } from "@topdog/contracts/rpc/sum-usage";
import type { Database } from "@topdog/postgres/pool";
import type { CountedCall } from "../domain/daily-usage.ts";

/** The stream keeps its messages for 14 days: none is delivered later than that. */
const keepCountedMs = 16 * 86_400_000;
const maxCleanRows = 20_000;

const sums = [
  "calls",
  "llm_requests",
  "refunded_calls",
  "prompt_tokens",
  "completion_tokens",
  "cost_nano_usd",
] as const;
const sumList = sums.join(", ");
const selected = `sum(calls)::float8 as calls, sum(llm_requests)::float8 as "llmRequests", sum(refunded_calls)::float8 as "refundedCalls",
  sum(prompt_tokens)::float8 as "promptTokens", sum(completion_tokens)::float8 as "completionTokens", sum(cost_nano_usd)::float8 as "costNanoUsd"`;

/** Adds what is not counted yet to the days of its tenants, in one statement and one order: repeated deliveries add nothing. */
export async function countCalls(db: Database, calls: readonly CountedCall[]): Promise<void> {
  const columns = [
    calls.map(({ id }) => id),
    calls.map(({ tenant }) => tenant),
    calls.map(({ day }) => day),
    calls.map(({ userId }) => userId),
    calls.map((one) => String(one.calls)),
    calls.map((one) => String(one.llmRequests)),
    calls.map((one) => String(one.refundedCalls)),
    calls.map((one) => String(one.promptTokens)),
    calls.map((one) => String(one.completionTokens)),
    calls.map((one) => String(one.costNanoUsd)),
  ];
  await db.raw(
    `with given as (
       select distinct on (id) * from unnest(?::text[], ?::text[], ?::date[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[],
         ?::bigint[], ?::bigint[], ?::bigint[]) with ordinality as g (id, tenant, day, user_id, ${sumList}, place) order by id, place
     ), fresh as (
       insert into usage_counted (usage_id) select id from given order by id on conflict do nothing returning usage_id
     )
     insert into daily_usage as d (tenant, day, user_id, ${sumList})
     select g.tenant, g.day, g.user_id, ${sums.map((column) => `sum(g.${column})`).join(", ")}
     from given g join fresh f on f.usage_id = g.id group by 1, 2, 3 order by 1, 2, 3
     on conflict (tenant, day, user_id) do update set ${sums.map((column) => `${column} = d.${column} + excluded.${column}`).join(", ")}`,
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

export interface UsedDay extends Omit<TenantSum, "tenant"> {
  readonly day: string;
  /** Members who called that day. */
  readonly callers: number;
}

/** A tenant's days in a range, both ends counted, the oldest first. */
export async function listUsedDays(db: Database, tenant: string, from: string, to: string): Promise<UsedDay[]> {
  const { rows } = await db.raw<{ rows: UsedDay[] }>(
    `select day::text as day, ${selected}, count(*)::integer as callers from daily_usage
     where tenant = ? and day between ? and ? group by day order by day`,
    [tenant, from, to],
  );
  return rows;
}

/** What tenants used on a day, in the order of their names, after one of them. */
export async function listTenantSums(db: Database, day: string, after: string, most: number): Promise<TenantSum[]> {
  const { rows } = await db.raw<{ rows: TenantSum[] }>(
    `select tenant, ${selected} from daily_usage
     where day = ? and tenant in (select distinct tenant from daily_usage where day = ? and tenant > ? order by tenant limit ?)
     group by tenant order by tenant`,
    [day, day, after, most],
  );
  return rows;
}

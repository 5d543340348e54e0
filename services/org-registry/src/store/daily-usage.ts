import type { UsageSum } from "@topdog/contracts/events/usage-summed";
import type { TenantSum } from "@topdog/contracts/rpc/sum-usage";
import type { Database, Transaction } from "@topdog/postgres/pool";

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

/** Each sum takes the place of those of lower versions: events may come again, and in any order. */
export async function takeSums(trx: Transaction, version: number, given: readonly UsageSum[]): Promise<void> {
  const columns = [
    given.map(({ tenant }) => tenant),
    given.map(({ day }) => day),
    given.map(({ userId }) => userId),
    given.map((one) => one.calls),
    given.map((one) => one.llmRequests),
    given.map((one) => one.refundedCalls),
    given.map((one) => one.promptTokens),
    given.map((one) => one.completionTokens),
    given.map((one) => one.costNanoUsd),
  ];
  await trx.raw(
    `insert into daily_usage as d (tenant, day, user_id, ${sumList}, version)
     select tenant, day, user_id, ${sumList}, ? from unnest(?::text[], ?::date[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[],
       ?::bigint[], ?::bigint[], ?::bigint[]) as g (tenant, day, user_id, ${sumList})
     order by 1, 2, 3
     on conflict (tenant, day, user_id) do update set ${sums.map((column) => `${column} = excluded.${column}`).join(", ")},
       version = excluded.version where d.version < excluded.version`,
    [version, ...columns],
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

/** What tenants used on a day, in the order of their names, after one of them. It reads the rows of those tenants alone: each name is looked up after the one before. */
export async function listTenantSums(db: Database, day: string, after: string, most: number): Promise<TenantSum[]> {
  const { rows } = await db.raw<{ rows: TenantSum[] }>(
    `with recursive next as (
       (select tenant from daily_usage where day = ? and tenant > ? order by tenant limit 1)
       union all
       select (select d.tenant from daily_usage d where d.day = ? and d.tenant > n.tenant order by d.tenant limit 1)
       from next n where n.tenant is not null
     ), named as materialized (select tenant from next where tenant is not null limit ?)
     select tenant, s.* from named n
     cross join lateral (select ${selected} from daily_usage where day = ? and tenant = n.tenant) s order by tenant`,
    [day, after, day, most, day],
  );
  return rows;
}

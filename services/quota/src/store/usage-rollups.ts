import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import type {
  UsageDimension,
  UsageFilters,
  UsageGrain,
  UsageLine,
  UsagePosition,
  UsageQuery,
} from "../domain/usage-query.ts";
import { prepared, type Statement } from "./prepared.ts";
import { lockUsageSums, type MemberDay, tellUsageSums } from "./usage-sums.ts";

const dimensionColumns = "user_id, key_id, source, model, provider";
const keyColumns = `tenant, grain, at, ${dimensionColumns}`;
const sums = [
  "calls",
  "llm_requests",
  "answered_calls",
  "refunded_calls",
  "prompt_tokens",
  "completion_tokens",
  "cost_nano_usd",
  "unpriced_calls",
];
const sumList = sums.join(", ");

// What is taken and what is added are one statement, so that a reader finds each delta in exactly one of the two places.
const foldStatement: Statement<MemberDay & { readonly folded: number }> = {
  name: "fold_usage",
  sql: `with taken as (
    delete from usage_rollup_delta d using (
      select delta_id from usage_rollup_delta order by delta_id limit ? for update skip locked
    ) oldest where d.delta_id = oldest.delta_id
    returning d.*
  ), added as (
    insert into usage_rollup as r (${keyColumns}, ${sumList})
    select t.tenant, g.grain, date_trunc(g.grain, t.at, 'UTC'), t.user_id, t.key_id, t.source, t.model, t.provider,
      ${sums.map((column) => `sum(t.${column})`).join(", ")}
    from taken t cross join (values ('hour'), ('day')) as g (grain)
    group by 1, 2, 3, 4, 5, 6, 7, 8 order by 1, 2, 3, 4, 5, 6, 7, 8
    on conflict (${keyColumns}) do update set ${sums.map((column) => `${column} = r.${column} + excluded.${column}`).join(", ")}
  )
  select tenant, date_trunc('day', at, 'UTC')::text as at, user_id as "userId", count(*)::integer as folded from taken group by 1, 2, 3`,
};

const dueStatement: Statement<{ due: boolean }> = {
  name: "usage_to_fold",
  sql: "select exists (select from usage_rollup_delta) as due",
};

/** Whether anything was completed since the last run. */
export async function hasUsageToFold(db: Database): Promise<boolean> {
  return (await prepared(db, dueStatement, [])).rows[0]?.due === true;
}

/** Adds the oldest deltas to their sums, `most` of them at most, and tells the sums of days that changed. Returns how many. */
export async function foldUsage(db: Database, most: number): Promise<number> {
  return inTransaction(db, async (trx) => {
    await lockUsageSums(trx);
    const { rows } = await prepared(trx, foldStatement, [most]);
    await tellUsageSums(trx, rows);
    return rows.reduce((total, { folded }) => total + folded, 0);
  });
}

/** Removes the oldest sums of hours or days that began more than `keptDays` ago: `most` of them at most. Returns how many. */
export async function forgetUsage(db: Database, grain: UsageGrain, keptDays: number, most: number): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number | null }>(
    `delete from usage_rollup where ctid = any(array(
       select ctid from usage_rollup where grain || '' = ? and at < (select (utc_today() - ?::integer)::timestamp at time zone 'utc')
       order by at limit ?))`,
    [grain, keptDays, most],
  );
  return rowCount ?? 0;
}

const columnOf: Readonly<Record<UsageDimension, string>> = {
  meter: "m.meter",
  source: "u.source",
  key: "u.key_id",
  member: "u.user_id",
  model: "u.model",
  provider: "u.provider",
};
const filterColumns: Readonly<Record<keyof UsageFilters, string>> = {
  keyId: "u.key_id",
  source: "u.source",
  model: "u.model",
  provider: "u.provider",
};
/** In the order of the bytes, on every server. */
const sortable = (expression: string): string => `coalesce(${expression}, '') collate "C"`;
const timeText: Readonly<Record<UsageGrain, string>> = { day: "YYYY-MM-DD", hour: 'YYYY-MM-DD"T"HH24:00:00.000"Z"' };

interface Sql {
  readonly text: string;
  readonly values: readonly (string | number)[];
}

/** The tenant's rows of the range: the sums, and what is not folded into them yet, at the same moment. */
function rowsOf({ tenant, userId, grain, from, to }: UsageQuery): Sql {
  const range = "at >= ?::timestamp at time zone 'utc' and at < (?::date + 1)::timestamp at time zone 'utc'";
  const member = userId === null ? "" : "and user_id = ?";
  const values = [tenant, ...(userId === null ? [] : [userId]), from, to];
  return {
    text: `select at, ${dimensionColumns}, ${sumList} from usage_rollup
      where grain = '${grain}' and tenant = ? ${member} and ${range}
      union all
      select date_trunc('${grain}', at, 'UTC'), ${dimensionColumns}, ${sumList} from usage_rollup_delta
      where tenant = ? ${member} and ${range}`,
    values: [...values, ...values],
  };
}

const meterLines = `cross join lateral (values ('api_calls', u.calls, 1), ('llm_requests', u.llm_requests, 0))
  as m (meter, charged, is_call)`;

/** By interval and dimensions, the oldest first, after a position and `most` of them at most. */
export async function sumUsage(
  db: Database,
  query: UsageQuery,
  after: UsagePosition | null,
  most: number,
): Promise<UsageLine[]> {
  const { by, grain, filters } = query;
  const rows = rowsOf(query);
  const byMeter = by.includes("meter");
  const filtered = Object.entries(filters).flatMap(([name, value]) =>
    value === undefined ? [] : [{ column: filterColumns[name as keyof UsageFilters], value }],
  );
  const at = `to_char(u.at at time zone 'utc', '${timeText[grain]}')`;
  const place = [`${at} collate "C"`, ...by.map((dimension) => sortable(columnOf[dimension]))];
  const conditions = [
    ...filtered.map(({ column }) => `${column} = ?`),
    ...(after === null ? [] : [`(${place.join(", ")}) > (${place.map(() => "?").join(", ")})`]),
  ];
  const sum = (column: string): string => `sum(u.${column}${byMeter ? " * m.is_call" : ""})::float8`;
  const { rows: lines } = await db.raw<{ rows: UsageLine[] }>(
    `select ${at} as at ${by.map((dimension) => `, ${columnOf[dimension]} as "${dimension}"`).join("")}
       ${byMeter ? ', sum(m.charged)::float8 as "charged"' : ""},
       ${sum("calls")} as calls, ${sum("answered_calls")} as "llmRequests", ${sum("llm_requests")} as "llmRequestsCharged",
       ${sum("refunded_calls")} as "refundedCalls", ${sum("prompt_tokens")} as "promptTokens",
       ${sum("completion_tokens")} as "completionTokens", ${sum("cost_nano_usd")} as "costNanoUsd",
       ${sum("unpriced_calls")} as "unpricedCalls"
     from (${rows.text}) u ${byMeter ? meterLines : ""}
     ${conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`}
     group by u.at ${by.map((dimension) => `, ${columnOf[dimension]}`).join("")}
     order by ${place.join(", ")} limit ?`,
    [...rows.values, ...filtered.map(({ value }) => value), ...(after ?? []), most],
  );
  return lines;
}

export interface TenantDay {
  readonly tenant: string;
  readonly calls: number;
  readonly llmRequests: number;
  readonly refundedCalls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costNanoUsd: number;
}

/** What these tenants used on one day. */
export async function sumTenants(db: Database, day: string, tenants: readonly string[]): Promise<TenantDay[]> {
  const columns = "tenant, calls, answered_calls, refunded_calls, prompt_tokens, completion_tokens, cost_nano_usd";
  const from = "from unnest(?::text[]) as t (id) join";
  const { rows } = await db.raw<{ rows: TenantDay[] }>(
    `select tenant, sum(calls)::float8 as calls, sum(answered_calls)::float8 as "llmRequests",
       sum(refunded_calls)::float8 as "refundedCalls", sum(prompt_tokens)::float8 as "promptTokens",
       sum(completion_tokens)::float8 as "completionTokens", sum(cost_nano_usd)::float8 as "costNanoUsd"
     from (
       select ${columns} ${from} usage_rollup r on r.tenant = t.id and r.grain = 'day' and r.at = ?::timestamp at time zone 'utc'
       union all
       select ${columns} ${from} usage_rollup_delta d on d.tenant = t.id
         and d.at >= ?::timestamp at time zone 'utc' and d.at < (?::date + 1)::timestamp at time zone 'utc'
     ) u group by tenant order by tenant`,
    [[...tenants], day, [...tenants], day, day],
  );
  return rows;
}

import { maxUsageSums, type UsageSum, usageSummed } from "@topdog/contracts/events/usage-summed";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { prepared, type Statement } from "./prepared.ts";

/** A member's day with a tenant. `at`: its beginning, as the database writes it. */
export interface MemberDay {
  readonly tenant: string;
  readonly at: string;
  readonly userId: string;
}

/** Sums change and are told by one at a time, so that a later version is never of an earlier state. Taken before anything is read. */
export async function lockUsageSums(trx: Transaction): Promise<void> {
  await trx.raw("select pg_advisory_xact_lock(hashtextextended('topdog usage sums', 0))");
}

// Above every earlier one, and above those that a database which was restored gave before.
const versionStatement: Statement<{ version: number }> = {
  name: "usage_sum_version",
  sql: `select setval('usage_sum_version',
  greatest(nextval('usage_sum_version'), (extract(epoch from clock_timestamp()) * 1e6)::bigint))::float8 as version`,
};

/** A sum that is more than an event can say is told as the most that it can: refusing it would hold up the sums of everybody else. */
const tellable = (column: string): string => `least(sum(r.${column}), ${Number.MAX_SAFE_INTEGER})::float8`;

// Lateral and an aggregate of its own, so that there is one way to run it: each member's rows by the index. Joined, a plan that a
// connection made while the table was empty reads all sums there are for each member, until statistics are gathered.
const sumStatement: Statement<UsageSum> = {
  name: "usage_sums",
  sql: `select m.tenant, (m.at at time zone 'utc')::date::text as day, m."userId", s.*
  from json_to_recordset(?) as m (tenant text, at timestamptz, "userId" text)
  cross join lateral (
    select ${tellable("calls")} as calls, ${tellable("answered_calls")} as "llmRequests", ${tellable("refunded_calls")} as "refundedCalls",
      ${tellable("prompt_tokens")} as "promptTokens", ${tellable("completion_tokens")} as "completionTokens",
      ${tellable("cost_nano_usd")} as "costNanoUsd"
    from usage_rollup r where r.tenant = m.tenant and r.grain = 'day' and r.user_id = m."userId" and r.at = m.at having count(*) > 0
  ) s
  order by m.tenant, m.at, m."userId"`,
};

/** Appends what these members used on these days in all to the outbox. Only under the lock. */
export async function tellUsageSums(trx: Transaction, members: readonly MemberDay[]): Promise<void> {
  if (members.length === 0) return;
  const { rows: versions } = await prepared(trx, versionStatement, []);
  const version = versions[0]?.version ?? 0;
  const { rows: sums } = await prepared(trx, sumStatement, [JSON.stringify(members)]);
  for (let first = 0; first < sums.length; first += maxUsageSums)
    await appendOutbox(trx, usageSummed, { version, sums: sums.slice(first, first + maxUsageSums) });
}

/** Members' days of a range of days after a place, in the order of their keys, `most` of them at most. */
export async function listMemberDays(
  trx: Transaction,
  { from, to }: { readonly from: string; readonly to: string },
  after: MemberDay | null,
  most: number,
): Promise<MemberDay[]> {
  const { rows } = await trx.raw<{ rows: MemberDay[] }>(
    `select distinct tenant, user_id as "userId", at::text as at from usage_rollup
     where grain = 'day' and at >= ?::timestamp at time zone 'utc' and at <= ?::timestamp at time zone 'utc'
       and (tenant, user_id, at) > (?, ?, ?::timestamptz) order by 1, 2, 3 limit ?`,
    [from, to, after?.tenant ?? "", after?.userId ?? "", after?.at ?? "-infinity", most],
  );
  return rows;
}

import type { Transaction } from "@topdog/postgres/pool";
import type { Erased } from "../domain/kept-answers.ts";
import { actFor, lockForErasure } from "./acting.ts";

const maxDeleted = 1000;
/** Longer than any call: until then one that began before may come to its end. */
const rememberedHours = 48;

/** A call that began before the erasure, and no call of somebody who came back after it. */
const beforeSql = "created_at < cast(? as timestamptz) + interval '1 hour'";

// By the index of the most that is named; so many at a time, that no statement is cut off.
const deleteSql = (condition: string): string => `delete from kept_answer where ctid = any (array(
  select ctid from kept_answer where ${condition} and ${beforeSql} limit ${maxDeleted}))`;

/** Deletes what these made, and remembers it, so that calls which are under way keep nothing. Within a transaction of its own. */
export async function eraseAnswers(trx: Transaction, { orgId, userId }: Erased, at: Date): Promise<number> {
  await actFor(trx, "everyone");
  await lockForErasure(trx);
  await trx.raw("insert into erasure (org_id, user_id, at) values (?, ?, ?)", [orgId, userId, at]);
  const named = Object.entries({ org_id: orgId, user_id: userId }).flatMap(([column, id]) =>
    id === null ? [] : [{ column, id }],
  );
  const sql = deleteSql(named.map(({ column }) => `${column} = ?`).join(" and "));
  let erased = 0;
  for (let deleted = maxDeleted; deleted === maxDeleted; erased += deleted) {
    ({ rowCount: deleted } = await trx.raw<{ rowCount: number }>(sql, [...named.map(({ id }) => id), at]));
  }
  return erased;
}

/** No call that began before one of these can still come to its end. */
export async function forgetErasures(trx: Transaction): Promise<void> {
  await trx.raw(`delete from erasure where at < now() - interval '${rememberedHours} hours'`);
}

import type { Database, Transaction } from "@topdog/postgres/pool";
import type { BucketKey } from "../domain/bucket.ts";
import type { Draw } from "../domain/fair-share.ts";
import type { DrawChange } from "../domain/tally.ts";
import { prepared, type Statement } from "./prepared.ts";

export type DrawOfBucket = BucketKey & Draw;

const readStatement: Statement<DrawOfBucket> = {
  name: "read_draws",
  sql: `select d.owner, d.meter, d.day::text as day, d.member, d.drawn, (extract(epoch from d.asked_at) * 1000)::float8 as "askedMs"
  from unnest(?::text[], ?::text[], ?::date[]) as b (owner, meter, day)
  join member_draw d on d.owner = b.owner and d.meter = b.meter and d.day = b.day`,
};

/** What members have drawn of these buckets: as many rows as an org has members who drew today. */
export async function readDraws(db: Database | Transaction, buckets: readonly BucketKey[]): Promise<DrawOfBucket[]> {
  const [owners, meters, days] = [buckets.map((b) => b.owner), buckets.map((b) => b.meter), buckets.map((b) => b.day)];
  return (await prepared(db, readStatement, [owners, meters, days])).rows;
}

// Nobody else writes a bucket's rows meanwhile: it is locked. So what a member has drawn is read, one by one by the key, and written: an upsert
// of the difference would check the row to be inserted, which may be negative, and a join may compare each change with each member.
const applyStatement: Statement<object> = {
  name: "apply_draws",
  sql: `insert into member_draw as d (owner, meter, day, member, drawn, asked_at)
  select c.owner, c.meter, c.day, c.member, c.moved + coalesce((
      select b.drawn from member_draw b where b.owner = c.owner and b.meter = c.meter and b.day = c.day and b.member = c.member
    ), 0), case when c.asks then utc_now() else 'epoch' end
  from json_to_recordset(?) as c (owner text, meter text, day date, member text, moved integer, asks boolean)
  on conflict (owner, meter, day, member) do update set drawn = excluded.drawn, asked_at = greatest(d.asked_at, excluded.asked_at)`,
};

/** Under the locks of their buckets. */
export async function applyDraws(trx: Transaction, draws: readonly DrawChange[]): Promise<void> {
  await prepared(trx, applyStatement, [JSON.stringify(draws)]);
}

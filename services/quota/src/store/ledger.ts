import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { Meter } from "@topdog/contracts/quota";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { prepared, type Statement } from "./prepared.ts";

export interface SeqRange {
  readonly leaseId: string;
  readonly day: string;
  readonly meter: string;
  readonly from: number;
  readonly to: number;
}

/** A token that a call was charged: the key of its ledger row. */
export interface ChargedToken {
  readonly leaseId: string;
  readonly seq: number;
  /** Of the lease. */
  readonly day: string;
  readonly meter: Meter;
}

/** A call that is over, and those of its tokens whose rows are to be written. */
export interface UsageEntry {
  readonly usage: UsageConsumed;
  readonly tokens: readonly ChargedToken[];
}

/** How many rows of each lease were really new. Counters move by these numbers and by nothing else. */
export type Inserted = ReadonlyMap<string, number>;

// Conflicts are ignored without naming the key: it is the key alone that makes a repeated message count once.
const countInserted = (insert: string): string =>
  `with inserted as (${insert} on conflict do nothing returning lease_id)
   select lease_id::text as "leaseId", count(*)::integer as count from inserted group by lease_id`;

type InsertStatement = Statement<{ leaseId: string; count: number }>;

async function insertCounted(trx: Transaction, insert: InsertStatement, values: readonly unknown[]): Promise<Inserted> {
  const result = await prepared(trx, insert, values);
  return new Map(result.rows.map(({ leaseId, count }) => [leaseId, count]));
}

const admitInsert: InsertStatement = {
  name: "insert_admitted",
  sql: countInserted(`insert into ledger (lease_id, seq, entry, day, meter, amount, state)
  select r."leaseId", seq, 'charge', r.day, r.meter, 1, 'admitted'
  from json_to_recordset(?) as r ("leaseId" bigint, day date, meter text, "from" integer, "to" integer),
    generate_series(r."from", r."to") as seq`),
};

/** Writes reported seqs as admitted. */
export async function insertAdmitted(trx: Transaction, ranges: readonly SeqRange[]): Promise<Inserted> {
  const fresh = ranges.filter(({ from, to }) => to >= from);
  return fresh.length === 0 ? new Map() : insertCounted(trx, admitInsert, [JSON.stringify(fresh)]);
}

interface Detail {
  readonly type: string;
  readonly of: (usage: UsageConsumed) => unknown;
  /** Stands on the API call's own row alone, so that a sum counts each call once. */
  readonly ofCall?: true;
}

const details: Readonly<Record<string, Detail>> = {
  request_id: { type: "text", of: (usage) => usage.requestId },
  key_id: { type: "text", of: (usage) => usage.keyId },
  user_id: { type: "text", of: (usage) => usage.userId },
  org_id: { type: "text", of: (usage) => usage.orgId },
  source: { type: "text", of: (usage) => usage.source },
  endpoint: { type: "text", of: (usage) => usage.endpoint },
  streamed: { type: "boolean", of: (usage) => usage.streamed },
  outcome: { type: "text", of: (usage) => usage.outcome },
  model: { type: "text", of: (usage) => usage.model },
  provider: { type: "text", of: (usage) => usage.provider },
  prompt_tokens: { type: "integer", of: (usage) => usage.promptTokens, ofCall: true },
  completion_tokens: { type: "integer", of: (usage) => usage.completionTokens, ofCall: true },
  estimated: { type: "boolean", of: (usage) => usage.estimated },
  cost_nano_usd: {
    type: "bigint",
    of: (usage) => (usage.costUnknown === true ? null : usage.costNanoUsd),
    ofCall: true,
  },
  attempts: { type: "integer", of: (usage) => usage.attempts },
  started_at: { type: "timestamptz", of: (usage) => usage.startedAt },
  finished_at: { type: "timestamptz", of: (usage) => usage.finishedAt },
};
const detailColumns = Object.keys(details);
const detailList = Object.values(details);

// A column is a list, and a call is one element of each: half the bytes, and a fifth of the server's work, of a JSON object for
// each row. The tokens of one call are lists within it, written as text.
const tokenLists = `unnest(string_to_array(r.lease_ids, ',')::bigint[], string_to_array(r.seqs, ',')::integer[],
  string_to_array(r.entries, ','), string_to_array(r.days, ',')::date[], string_to_array(r.meters, ','))
  as t (lease_id, seq, entry, day, meter)`;
const usageRows = `unnest(${detailList.map(({ type }) => `?::${type}[]`).join(", ")}, ?::text[], ?::text[], ?::text[], ?::text[], ?::text[])
  as r (${detailColumns.join(", ")}, lease_ids, seqs, entries, days, meters), ${tokenLists}`;

type Entry = "charge" | "refund";

function toColumns(entries: readonly UsageEntry[], entry: Entry): unknown[][] {
  const listOf = (read: (token: ChargedToken) => string | number): string[] =>
    entries.map(({ tokens }) => tokens.map(read).join(","));
  return [
    ...detailList.map(({ of }) => entries.map(({ usage }) => of(usage))),
    listOf(({ leaseId }) => leaseId),
    listOf(({ seq }) => seq),
    listOf(() => entry),
    listOf(({ day }) => day),
    listOf(({ meter }) => meter),
  ];
}

/** The value of a column for one row. A refund gives no tokens and no cost back: the provider was paid. */
function valueOf(column: string, entry: Entry): string {
  if (details[column]?.ofCall !== true) return `r.${column}`;
  return entry === "refund" ? "null" : `case when t.meter = 'api_calls' then r.${column} end`;
}

const usageInsert = (entry: Entry, amount: 1 | -1): InsertStatement => ({
  name: `insert_${entry}s`,
  sql: countInserted(`insert into ledger (lease_id, seq, entry, day, meter, amount, state, completed_at, ${detailColumns.join(", ")})
   select t.lease_id, t.seq, t.entry, t.day, t.meter, ${amount}, 'completed', utc_now(),
     ${detailColumns.map((column) => valueOf(column, entry)).join(", ")}
   from ${usageRows}`),
});

const chargeInsert = usageInsert("charge", 1);
const refundInsert = usageInsert("refund", -1);

const withTokens = (entries: readonly UsageEntry[]): readonly UsageEntry[] =>
  entries.filter(({ tokens }) => tokens.length > 0);

async function insertUsage(
  trx: Transaction,
  statement: InsertStatement,
  entry: Entry,
  entries: readonly UsageEntry[],
): Promise<Inserted> {
  const given = withTokens(entries);
  return given.length === 0 ? new Map() : insertCounted(trx, statement, toColumns(given, entry));
}

/** Writes the charges that came before their gateway's report; those that are there already are left alone. */
export const insertCharges = (trx: Transaction, entries: readonly UsageEntry[]): Promise<Inserted> =>
  insertUsage(trx, chargeInsert, "charge", entries);

/** One compensating row per charge, however often it is asked for. */
export const insertRefunds = (trx: Transaction, entries: readonly UsageEntry[]): Promise<Inserted> =>
  insertUsage(trx, refundInsert, "refund", entries);

// Every condition but the state is a join: constants would make the planner, on a partition without statistics, expect one row
// and compare each row of the day with each of the batch. The state stands in coalesce to hide it from statistics too.
const completeStatement: Statement<{ token: string }> = {
  name: "complete_charges",
  sql: `update ledger g set state = 'completed', completed_at = utc_now(),
    ${detailColumns.map((column) => `${column} = ${valueOf(column, "charge")}`).join(", ")}
  from ${usageRows}
  where g.lease_id = t.lease_id and g.seq = t.seq and g.entry = t.entry and g.day = t.day and g.meter = t.meter
    and coalesce(g.state, '') <> 'completed'
    and (select l.owner from lease l where l.lease_id = t.lease_id) = any(case when r.org_id is null
      then array['user:' || r.user_id, 'key:' || r.key_id]
      else array['seat:' || r.org_id || ':' || r.user_id, 'org:' || r.org_id, 'key:' || r.key_id,
        'member:' || r.org_id || ':' || r.user_id] end)
  returning t.lease_id || ':' || t.seq as token`,
};

/** Names a token, among those of all leases. */
export const tokenKey = ({ leaseId, seq }: Pick<ChargedToken, "leaseId" | "seq">): string => `${leaseId}:${seq}`;

/**
 * Fills admitted and unknown rows of the record's own owners (`ownersOf`); a completed one keeps what it says. No token twice; in one order everywhere, so that there are
 * no deadlocks. Returns the keys of the tokens whose rows were filled. No counter moves, so no bucket has to be locked.
 */
export async function completeCharges(
  db: Database | Transaction,
  entries: readonly UsageEntry[],
): Promise<ReadonlySet<string>> {
  const given = withTokens(entries);
  if (given.length === 0) return new Set();
  const result = await prepared(db, completeStatement, toColumns(given, "charge"));
  return new Set(result.rows.map(({ token }) => token));
}

/** Gives up on rows that nobody completed within the call's deadline. They stay charged and can still be completed. */
export async function markUnknown(trx: Transaction, deadlineMs: number, most: number): Promise<number> {
  // A partition without statistics seems to have no such rows, so that sorting them all costs nothing: only the index may.
  await trx.raw("set local enable_sort = off");
  const result = await trx.raw<{ rowCount: number | null }>(
    `update ledger g set state = 'unknown' from (
       select lease_id, seq, entry, day from ledger
       where state = 'admitted' and recorded_at < (select utc_now()) - make_interval(secs => ? / 1000.0)
       order by recorded_at limit ? for update skip locked
     ) old
     where g.lease_id = old.lease_id and g.seq = old.seq and g.entry = old.entry and g.day = old.day`,
    [deadlineMs, most],
  );
  return result.rowCount ?? 0;
}

export async function ensurePartitions(trx: Transaction, daysAhead: number): Promise<number> {
  await trx.raw("set local lock_timeout = '2s'");
  const { rows } = await trx.raw<{ rows: { made: number }[] }>("select ensure_ledger_partitions(?) as made", [
    daysAhead,
  ]);
  return rows[0]?.made ?? 0;
}

import type { Transaction } from "@topdog/postgres/pool";
import { prepared, type Statement } from "./prepared.ts";

export interface SeqRange {
  readonly leaseId: string;
  readonly day: string;
  readonly meter: string;
  readonly from: number;
  readonly to: number;
}

/** One token of a call that is over. Tokens and cost are null on all but the API call's own row. */
export interface UsageRow {
  readonly lease_id: string;
  readonly seq: number;
  readonly day: string;
  readonly meter: string;
  readonly request_id: string;
  readonly key_id: string;
  readonly user_id: string;
  readonly org_id: string | null;
  readonly source: string;
  readonly endpoint: string;
  readonly streamed: boolean;
  readonly outcome: string;
  readonly model: string | null;
  readonly provider: string | null;
  readonly prompt_tokens: number | null;
  readonly completion_tokens: number | null;
  readonly estimated: boolean;
  readonly cost_nano_usd: number | null;
  readonly attempts: number;
  readonly started_at: string;
  readonly finished_at: string;
}

/** How many rows of each lease were really new. Counters move by these numbers and by nothing else. */
export type Inserted = ReadonlyMap<string, number>;

// Conflicts are ignored without naming the key: it is the key alone that makes a repeated message count once.
const countInserted = (insert: string): string =>
  `with inserted as (${insert} on conflict do nothing returning lease_id)
   select lease_id::text as "leaseId", count(*)::integer as count from inserted group by lease_id`;

type InsertStatement = Statement<{ leaseId: string; count: number }>;

async function insertCounted(trx: Transaction, insert: InsertStatement, rows: readonly object[]): Promise<Inserted> {
  if (rows.length === 0) return new Map();
  const values = [JSON.stringify(rows)];
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
export function insertAdmitted(trx: Transaction, ranges: readonly SeqRange[]): Promise<Inserted> {
  const fresh = ranges.filter(({ from, to }) => to >= from);
  return insertCounted(trx, admitInsert, fresh);
}

const detailTypes = {
  request_id: "text",
  key_id: "text",
  user_id: "text",
  org_id: "text",
  source: "text",
  endpoint: "text",
  streamed: "boolean",
  outcome: "text",
  model: "text",
  provider: "text",
  prompt_tokens: "integer",
  completion_tokens: "integer",
  estimated: "boolean",
  cost_nano_usd: "bigint",
  attempts: "integer",
  started_at: "timestamptz",
  finished_at: "timestamptz",
} satisfies Partial<Record<keyof UsageRow, string>>;

const detailColumns = Object.keys(detailTypes);
const usageRecord = `json_to_recordset(?) as r (lease_id bigint, seq integer, entry text, day date, meter text, ${Object.entries(
  detailTypes,
)
  .map((column) => column.join(" "))
  .join(", ")})`;

const usageInsert = (entry: "charge" | "refund", amount: 1 | -1): InsertStatement => ({
  name: `insert_${entry}s`,
  sql: countInserted(`insert into ledger (lease_id, seq, entry, day, meter, amount, state, completed_at, ${detailColumns.join(", ")})
   select r.lease_id, r.seq, '${entry}', r.day, r.meter, ${amount}, 'completed', utc_now(),
     ${detailColumns.map((column) => `r.${column}`).join(", ")}
   from ${usageRecord}`),
});

const chargeInsert = usageInsert("charge", 1);
const refundInsert = usageInsert("refund", -1);

/** Writes the charges that came before their gateway's report; those that are there already are left alone. */
export const insertCharges = (trx: Transaction, rows: readonly UsageRow[]): Promise<Inserted> =>
  insertCounted(trx, chargeInsert, rows);

/** One compensating row per charge, however often it is asked for. */
export const insertRefunds = (trx: Transaction, rows: readonly UsageRow[]): Promise<Inserted> =>
  insertCounted(
    trx,
    refundInsert,
    rows.map((row) => ({ ...row, prompt_tokens: null, completion_tokens: null, cost_nano_usd: null })),
  );

// Every condition but the state is a join: constants would make the planner, on a partition without statistics, expect one row
// and compare each row of the day with each of the batch. The state stands in coalesce to hide it from statistics too.
const completeStatement: Statement<never> = {
  name: "complete_charges",
  sql: `update ledger g set state = 'completed', completed_at = utc_now(),
    ${detailColumns.map((column) => `${column} = r.${column}`).join(", ")}
  from ${usageRecord}
  where g.lease_id = r.lease_id and g.seq = r.seq and g.entry = r.entry and g.day = r.day
    and coalesce(g.state, '') <> 'completed'`,
};

/** Fills admitted and unknown rows; a completed one keeps what it says. Returns how many were filled. */
export async function completeCharges(trx: Transaction, rows: readonly UsageRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const values = [JSON.stringify(rows.map((row) => ({ ...row, entry: "charge" })))];
  const result = await prepared(trx, completeStatement, values);
  return result.rowCount ?? 0;
}

/** Gives up on rows that nobody completed within the call's deadline. They stay charged and can still be completed. */
export async function markUnknown(trx: Transaction, deadlineMs: number, most: number): Promise<number> {
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

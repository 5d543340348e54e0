import { createDatabase, type Database } from "@topdog/postgres/pool";
import { poolOptions } from "../src/store/database.ts";

/** A statement as the driver sent it. */
export interface SentStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
  /** A planner's switch that was set just before it, for it alone. */
  readonly setting: string | null;
}

/** What one run of a plan touched. */
export interface Touched {
  /** Rows and index entries that scans looked at, kept or not, and pairs of rows that joins compared for nothing. */
  readonly rows: number;
  /** Pages of 8 KiB, of tables and of indexes. */
  readonly pages: number;
}

export type PlanMode = "force_custom_plan" | "force_generic_plan";

/** Notes every statement that reads or writes rows. */
export function noteStatements(db: Database): SentStatement[] {
  const sent: SentStatement[] = [];
  let setting: string | null = null;
  db.on("query", ({ sql, bindings }: { sql: string; bindings?: readonly unknown[] }) => {
    if (/^\s*(with|select|insert|update|delete|\()/i.test(sql)) sent.push({ sql, values: bindings ?? [], setting });
    setting = /^set local enable_\w+ = off$/.test(sql) ? sql : null;
  });
  return sent;
}

interface PlanNode {
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Rows Removed by Join Filter"?: number;
  readonly "Rows Removed by Index Recheck"?: number;
  readonly "Shared Hit Blocks"?: number;
  readonly "Shared Read Blocks"?: number;
  readonly Plans?: readonly PlanNode[];
}

function rowsOf(node: PlanNode): number {
  const isScan = node["Relation Name"] !== undefined || node["Index Name"] !== undefined;
  const looked =
    (node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0);
  const compared = node["Rows Removed by Join Filter"] ?? 0;
  const own = ((isScan ? looked : 0) + compared) * (node["Actual Loops"] ?? 0);
  return (node.Plans ?? []).reduce((sum, child) => sum + rowsOf(child), own);
}

/**
 * Runs statements once more as the service's connections would, under a plan for these values or one for any values, and takes
 * back what they wrote.
 */
export async function explainAll(
  url: string,
  mode: PlanMode,
  statements: readonly SentStatement[],
): Promise<(SentStatement & Touched)[]> {
  const { settings } = poolOptions(1);
  const db = createDatabase({
    url,
    applicationName: "quota-explain",
    maxConnections: 1,
    settings: { ...settings, plan_cache_mode: mode },
  });
  try {
    const explained: (SentStatement & Touched)[] = [];
    for (const statement of statements) explained.push({ ...statement, ...(await explain(db, statement)) });
    return explained;
  } finally {
    await db.destroy();
  }
}

/** Rows and index entries that all statements of a pool of one connection have read until now. */
export async function rowsRead(db: Database): Promise<number> {
  await db.raw("select pg_stat_force_next_flush()");
  const { rows } = await db.raw<{ rows: { read: number }[] }>(
    `select (t.read + i.read)::float8 as read from (select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as read from pg_stat_user_tables) t,
       (select sum(idx_tup_read) as read from pg_stat_user_indexes) i`,
  );
  return rows[0]?.read ?? 0;
}

/** Statements are given texts, numbers and booleans, and lists of these. */
const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function literalOf(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Date) return `'${value.toISOString()}'`;
  const text = Array.isArray(value) ? `{${value.map(elementOf).join(",")}}` : textOf(value);
  return `'${text.replaceAll("'", "''")}'`;
}

const elementOf = (value: unknown): string =>
  value === null ? "null" : `"${textOf(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`;

const withoutChecks = `do $$ declare one record; begin
  for one in select conrelid::regclass as place, conname from pg_constraint
    where contype = 'c' and conrelid in ('bucket'::regclass, 'lease'::regclass) or conname = 'outbox_id_key'
  loop execute format('alter table %s drop constraint %I', one.place, one.conname); end loop; end $$`;

async function explain(db: Database, { sql, values, setting }: SentStatement): Promise<Touched> {
  const execute = values.length === 0 ? "execute asked" : `execute asked (${values.map(literalOf).join(", ")})`;
  const trx = await db.transaction();
  try {
    // Its numbers were true when it was sent, and are not any more.
    await trx.raw(withoutChecks);
    if (setting !== null) await trx.raw(setting);
    await trx.raw(`prepare asked as ${sql}`);
    const { rows } = await trx.raw<{ rows: { "QUERY PLAN": [{ Plan: PlanNode }] }[] }>(
      `explain (analyze, timing off, buffers, format json) ${execute}`,
    );
    const plan = rows[0]?.["QUERY PLAN"][0].Plan ?? {};
    return { rows: rowsOf(plan), pages: (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0) };
  } finally {
    await trx.rollback();
    await db.raw("deallocate all");
  }
}

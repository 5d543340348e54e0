import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { inTransaction } from "./transaction.ts";
import type { Database, Transaction } from "./pool.ts";

/** One `NNNNNN_name.sql`. A file with the line `-- breaking` locks out code that does not know it. */
interface Migration {
  readonly id: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
  readonly breaking: boolean;
}

interface AppliedMigration {
  readonly id: number;
  readonly name: string;
  readonly checksum: string;
  readonly breaking: boolean;
}

const lockKey = 7_306_551_021;
const fileName = /^(\d{6})_[a-z0-9_]+\.sql$/;
/** How long one migration may run, and wait for another process that migrates. */
const migrationTimeoutMs = 300_000;

/** Stands in a migration for the name of the role that the service runs as. */
const runtimePlaceholder = ":runtime";
const ownerSuffix = "_owner";

const tableSql = `create table if not exists schema_migration (
  id integer primary key,
  name text not null unique,
  checksum text not null,
  breaking boolean not null,
  applied_at timestamptz not null default now()
)`;

/**
 * Brings the database to the newest file of a folder and returns the names it applied. Safe to run from many processes at once.
 * Throws when an applied file was edited or removed, or when the database is ahead of this code by a breaking migration.
 * Runs as the role that owns the tables: `:runtime` in a file is the role that the service runs as, whose name lacks `_owner`.
 */
export async function migrate(db: Database, directory: URL): Promise<string[]> {
  const known = await readMigrations(directory);
  if (known.length === 0) throw new Error(`no migrations in ${directory.pathname}`);
  await underLock(db, (trx) => trx.raw(tableSql));
  const applied: string[] = [];
  for (const migration of known) {
    const done = await underLock(db, (trx) => applyOne(trx, migration, known));
    if (done) applied.push(migration.name);
  }
  return applied;
}

async function readMigrations(directory: URL): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql") && name !== "schema.sql").toSorted();
  const migrations: Migration[] = [];
  for (const name of names) {
    const id = Number(fileName.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(id)) throw new Error(`not a migration's name: ${name} (want NNNNNN_name.sql)`);
    if (id === migrations.at(-1)?.id) throw new Error(`two migrations have the number of ${name}`);
    const sql = await readFile(new URL(name, asFolder(directory)), "utf8");
    const checksum = createHash("sha256").update(sql).digest("hex");
    migrations.push({ id, name, sql, checksum, breaking: /^-- breaking\b/m.test(sql) });
  }
  return migrations;
}

const asFolder = (directory: URL): URL => (directory.href.endsWith("/") ? directory : new URL(`${directory.href}/`));

async function underLock<T>(db: Database, work: (trx: Transaction) => Promise<T>): Promise<T> {
  return inTransaction(db, async (trx) => {
    await trx.raw(`set local statement_timeout = ${migrationTimeoutMs}`);
    await trx.raw("select pg_advisory_xact_lock(?)", [lockKey]);
    return work(trx);
  });
}

/** The row goes in first: of two processes that race past the lock, one fails on the key instead of applying twice. */
async function applyOne(trx: Transaction, migration: Migration, known: readonly Migration[]): Promise<boolean> {
  const rows = await trx<AppliedMigration>("schema_migration")
    .select("id", "name", "checksum", "breaking")
    .orderBy("id");
  assertCompatible(rows, known);
  if (rows.some((row) => row.id === migration.id)) return false;
  const { id, name, checksum, breaking, sql } = migration;
  await trx("schema_migration").insert({ id, name, checksum, breaking });
  const text = sql.includes(runtimePlaceholder) ? sql.replaceAll(runtimePlaceholder, await runtimeRole(trx)) : sql;
  await trx.raw(text.replaceAll("?", "\\?"));
  return true;
}

async function runtimeRole(trx: Transaction): Promise<string> {
  const { rows } = await trx.raw<{ rows: [{ role: string }] }>("select current_user::text as role");
  const { role } = rows[0];
  if (!/^[a-z][a-z0-9_]*$/.test(role) || !role.endsWith(ownerSuffix) || role.length === ownerSuffix.length) {
    throw new Error(
      `migrations run as the role that owns the tables, whose name ends in ${ownerSuffix}, not as ${role}`,
    );
  }
  return role.slice(0, -ownerSuffix.length);
}

function assertCompatible(rows: readonly AppliedMigration[], known: readonly Migration[]): void {
  const newest = known.at(-1)?.id ?? 0;
  for (const row of rows) {
    const file = known.find((one) => one.id === row.id);
    if (file === undefined && row.id <= newest)
      throw new Error(`applied migration ${row.name} is missing from the code`);
    if (file === undefined && row.breaking)
      throw new Error(`the database is ahead of this code by breaking ${row.name}`);
    if (file !== undefined && file.checksum !== row.checksum)
      throw new Error(`applied migration ${row.name} was edited`);
  }
}

import { createHash, createHmac, randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { migrate } from "@topdog/postgres/migrate";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { Client } from "pg";
import { containerPostgres } from "./containers.ts";
import { localEngine } from "./engines.ts";

export interface TestDatabase {
  /** Of the role that a service runs as. */
  readonly url: string;
  readonly db: Database;
  /** Of the role that owns the tables: for what a test arranges that no service may do. */
  readonly ownerUrl: string;
  readonly owner: Database;
  /** Closes `db` and `owner` and drops the database, whoever is connected. */
  drop(): Promise<void>;
}

/** The two roles of every test database. */
const runtime = "topdog_test";
const owner = `${runtime}_owner`;

/** Of the tests' own pools, and of services under test: a busy machine makes a test slow, and must not make it fail. */
export const acquireTimeoutMs = 30_000;

let shared: Promise<string> | undefined;

/** The superuser's URL: `DATABASE_URL`, else the run's own server, else a container. Rejects when the machine has none. */
export async function adminDatabaseUrl(): Promise<string> {
  const given = process.env["DATABASE_URL"];
  if (given !== undefined && given !== "") return given;
  shared ??= localEngine("postgres").catch(async (local: unknown) =>
    containerPostgres().catch((container: unknown) => {
      throw new AggregateError(
        [local, container],
        "tests need Postgres: DATABASE_URL, local binaries or a container engine",
      );
    }),
  );
  return shared;
}

/** A fresh database of its own, cloned from a template that is migrated once per content of the folder. */
export async function testDatabase(options: { migrations: URL }): Promise<TestDatabase> {
  const place = callerPlace();
  const adminUrl = await adminDatabaseUrl();
  const template = `template_${await contentHash(options.migrations)}`;
  return createTestDatabase(adminUrl, place, template, (admin) =>
    ensureTemplate(admin, adminUrl, template, options.migrations),
  );
}

/** A fresh database with nothing in it, for a test that makes its own tables: `db` owns them. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const place = callerPlace();
  const adminUrl = await adminDatabaseUrl();
  const database = await createTestDatabase(adminUrl, place, "template1", async () => undefined);
  return { ...database, url: database.ownerUrl, db: database.owner };
}

/** All by one connection of the superuser's: to open one costs as much as to clone a small database. */
async function createTestDatabase(
  adminUrl: string,
  place: string,
  template: string,
  prepare: (admin: Client) => Promise<void>,
): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString("hex")}`;
  await asAdmin(adminUrl, async (admin) => {
    await ensureRoles(admin, adminUrl);
    await prepare(admin);
    await admin.query(`create database ${name} template ${template} owner ${owner}`);
    // For the leak check at the end of the run.
    await admin.query(`comment on database ${name} is ${admin.escapeLiteral(place)}`);
  });
  const url = databaseUrl(adminUrl, name, runtime);
  const ownerUrl = databaseUrl(adminUrl, name, owner);
  const db = createDatabase({ url, applicationName: "topdog-test", acquireTimeoutMs });
  const ownerDb = createDatabase({ url: ownerUrl, applicationName: "topdog-test-owner", acquireTimeoutMs });
  return {
    url,
    db,
    ownerUrl,
    owner: ownerDb,
    drop: async () => {
      await Promise.all([db.destroy(), ownerDb.destroy()]);
      await asAdmin(adminUrl, (admin) => admin.query(`drop database if exists ${name} with (force)`));
    },
  };
}

const callerPlace = (): string =>
  /\S+\.ts:\d+/.exec(new Error().stack?.split("\n")[3] ?? "")?.[0] ?? "an unknown place";

/** A password that every worker knows, on a server that a stranger may reach too. */
const passwordOf = (adminUrl: string, role: string): string =>
  createHmac("sha256", new URL(adminUrl).password).update(role).digest("base64url");

async function ensureRoles(admin: Client, adminUrl: string): Promise<void> {
  await locked(admin, "the roles of tests", async () => {
    for (const role of [runtime, owner]) {
      const found = await admin.query("select from pg_roles where rolname = $1", [role]);
      const verb = found.rowCount === 0 ? "create" : "alter";
      await admin.query(`${verb} role ${role} login password '${passwordOf(adminUrl, role)}'`);
    }
  });
}

/** One of all workers at a time. */
async function locked(admin: Client, name: string, work: () => Promise<void>): Promise<void> {
  await admin.query("select pg_advisory_lock(hashtextextended($1, 0))", [name]);
  await work();
  await admin.query("select pg_advisory_unlock(hashtextextended($1, 0))", [name]);
}

/** One worker builds, the others wait for it. */
async function ensureTemplate(admin: Client, adminUrl: string, template: string, migrations: URL): Promise<void> {
  await locked(admin, template, async () => {
    const found = await admin.query("select from pg_database where datname = $1", [template]);
    if (found.rowCount !== 0) return;
    const building = `${template}_building`;
    await admin.query(`drop database if exists ${building} with (force)`);
    await admin.query(`create database ${building} owner ${owner}`);
    const url = databaseUrl(adminUrl, building, owner);
    const db = createDatabase({ url, applicationName: "topdog-test-template", acquireTimeoutMs });
    try {
      await migrate(db, migrations);
    } finally {
      await db.destroy();
    }
    await admin.query(`alter database ${building} rename to ${template}`);
  });
}

async function contentHash(directory: URL): Promise<string> {
  const folder = directory.href.endsWith("/") ? directory : new URL(`${directory.href}/`);
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).toSorted()) {
    if (!name.endsWith(".sql") || name === "schema.sql") continue;
    hash.update(name).update(await readFile(new URL(name, folder)));
  }
  return hash.digest("hex").slice(0, 20);
}

async function asAdmin<T>(adminUrl: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function databaseUrl(adminUrl: string, name: string, role: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = passwordOf(adminUrl, role);
  url.pathname = `/${name}`;
  return url.href;
}

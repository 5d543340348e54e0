import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Client } from "pg";
import { type LocalPostgres, startPostgres } from "../src/postgres.ts";
import { childrenOf, isRunning } from "../src/process-table.ts";
import { removePostgresHome } from "../src/postgres-home.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const folder = makeScratchFolder("postgres");
const dataDir = join(folder, "data");
let postgres: LocalPostgres;

beforeAll(async () => {
  postgres = await startPostgres({ dataDir });
});

afterAll(async () => {
  await postgres.stop("immediate");
  removePostgresHome(dataDir);
  rmSync(folder, { recursive: true });
});

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

test("it listens on TCP alone and keeps fsync on", async () => {
  const names = ["listen_addresses", "unix_socket_directories", "fsync"];
  const settings = names.map((name) => `current_setting('${name}') as ${name}`).join(", ");
  const rows = await query(postgres.adminUrl, `select ${settings}`);
  expect(rows).toEqual([{ listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "on" }]);
});

test("a database has a role that uses it and one that owns it, and neither can enter another's", async () => {
  const own = await postgres.createDatabase("alpha");
  expect(await postgres.createDatabase("alpha")).toEqual(own);
  await postgres.createDatabase("beta");
  const whoOwns = `select current_user::text as me, pg_get_userbyid(datdba)::text as owner from pg_database
    where datname = current_database()`;
  expect(await query(own.url, whoOwns)).toEqual([{ me: "alpha", owner: "alpha_owner" }]);
  expect(await query(own.ownerUrl, whoOwns)).toEqual([{ me: "alpha_owner", owner: "alpha_owner" }]);
  await expect(query(own.url, "create table made (n int)")).rejects.toThrow(/permission denied/);
  for (const role of ["alpha", "alpha_owner"]) {
    await expect(query(postgres.url("beta", role), "select")).rejects.toThrow(/permission denied/);
  }
});

test("what the service's own role owned in a cluster of before is its owner's after the next start", async () => {
  const { url, ownerUrl } = await postgres.createDatabase("gamma");
  await query(postgres.url("gamma"), "alter database gamma owner to gamma");
  await query(url, "create table kept (n int); insert into kept values (7)");
  await postgres.createDatabase("gamma");
  await expect(query(url, "select n from kept")).rejects.toThrow(/permission denied/);
  expect(await query(ownerUrl, "select n from kept")).toEqual([{ n: 7 }]);
});

test("kill -9 under load leaves no process behind, and what was committed is there after a restart", async () => {
  const { ownerUrl: url } = await postgres.createDatabase("load");
  await query(url, "create table written (n int primary key)");
  const [firstPid, port] = [postgres.pid, postgres.port];
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  const done = { committed: 0 };
  const load = (async () => {
    for (;;) {
      await client.query("insert into written values ($1)", [done.committed + 1]);
      done.committed += 1;
    }
  })().catch(() => undefined);
  while (done.committed < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  const children = childrenOf(firstPid);
  await postgres.kill9();
  await load;
  expect(children.length).toBeGreaterThan(1);
  expect(children.filter(isRunning)).toEqual([]);
  await postgres.restart();
  expect([postgres.port, postgres.pid === firstPid]).toEqual([port, false]);
  const [row] = await query(url, "select max(n) as last from written");
  expect(row?.["last"]).toBeGreaterThanOrEqual(done.committed);
});

test("a pid file whose process id now belongs to another program does not stop a start", async () => {
  await postgres.kill9();
  const pidFile = join(postgres.home, "cluster/postmaster.pid");
  expect(existsSync(pidFile)).toBe(true);
  writeFileSync(pidFile, `${process.pid}\n${join(postgres.home, "cluster")}\n`);
  postgres = await startPostgres({ dataDir });
  expect(await query(postgres.adminUrl, "select 1 as up")).toEqual([{ up: 1 }]);
});

test("a cluster that another Postgres serves is refused, and that one goes on", async () => {
  await expect(startPostgres({ dataDir, takeoverTimeoutMs: 300 })).rejects.toThrow(/another Postgres, process \d+/);
  expect(await query(postgres.adminUrl, "select 1 as up")).toEqual([{ up: 1 }]);
});

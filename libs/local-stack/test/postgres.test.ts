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

test("a role owns its own database and cannot enter another's", async () => {
  const own = await postgres.createDatabase("alpha");
  expect(await postgres.createDatabase("alpha")).toBe(own);
  await postgres.createDatabase("beta");
  expect(await query(own, "select current_user::text as me")).toEqual([{ me: "alpha" }]);
  await expect(query(postgres.url("beta", "alpha"), "select")).rejects.toThrow(/permission denied/);
});

test("kill -9 under load leaves no process behind, and what was committed is there after a restart", async () => {
  const url = await postgres.createDatabase("load");
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

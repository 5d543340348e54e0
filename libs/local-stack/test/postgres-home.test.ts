import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { canEnter, engineAccount } from "../src/engine-account.ts";
import { postgresHome, removePostgresHome } from "../src/postgres-home.ts";
import { makeScratchFolder } from "../src/scratch-folder.ts";

const folder = makeScratchFolder("home");
const account = engineAccount();

afterAll(() => rmSync(folder, { recursive: true }));

test("the folder that holds the data can be entered by the user that Postgres runs as, wherever the checkout is", () => {
  const closed = join(folder, "closed");
  mkdirSync(closed, { mode: 0o700 });
  const dataDir = join(closed, "data");
  const said: string[] = [];
  const home = postgresHome(dataDir, account, (line) => said.push(line));
  expect(canEnter(account, home)).toBe(true);
  expect(postgresHome(dataDir, account, (line) => said.push(line))).toBe(home);
  // A normal user enters his own folders; root's may be closed to everyone else.
  expect(said.length).toBe(account === null ? 0 : 1);
  expect(lstatSync(dataDir).isSymbolicLink()).toBe(account !== null);
  removePostgresHome(dataDir);
  expect([existsSync(dataDir), existsSync(home)]).toEqual([false, false]);
});

test("data in a folder that was closed to others meanwhile is moved, not lost", () => {
  const parent = join(folder, "was-open");
  const dataDir = join(parent, "data");
  expect(postgresHome(dataDir, account, () => undefined)).toBe(dataDir);
  mkdirSync(join(dataDir, "cluster"));
  writeFileSync(join(dataDir, "cluster/PG_VERSION"), "18", { mode: 0o600 });
  chmodSync(parent, 0o700);
  const home = postgresHome(dataDir, account, () => undefined);
  expect(statSync(join(home, "cluster/PG_VERSION")).mode & 0o777).toBe(0o600);
  removePostgresHome(dataDir);
});

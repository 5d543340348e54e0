import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { makeScratchFolder } from "../src/scratch-folder.ts";
import { PortTakenError, startStack } from "../src/stack.ts";
import { openStateFolder } from "../src/state-folder.ts";

const folder = makeScratchFolder("state");

afterAll(() => rmSync(folder, { recursive: true }));

test("two platforms never run on one data folder", async () => {
  const dataDir = join(folder, "shared");
  const first = openStateFolder(dataDir, false);
  const message = new RegExp(`process ${process.pid} already runs on ${dataDir}`);
  expect(() => openStateFolder(dataDir, true)).toThrow(message);
  await expect(startStack({ dataDir })).rejects.toThrow(message);
  first.release();
  openStateFolder(dataDir, false).release();
});

test("the secrets between the services survive a restart, are for this user alone, and are new when fresh", () => {
  const dataDir = join(folder, "secret");
  const open = (fresh: boolean) => {
    const state = openStateFolder(dataDir, fresh);
    state.release();
    const { operatorToken, callerKeys, routerKeys } = state;
    return { operatorToken, callerKeys, routerKeys };
  };
  const first = open(false);
  expect(open(false)).toEqual(first);
  expect(first.operatorToken.length).toBeGreaterThanOrEqual(32);
  for (const file of ["operator-token", "caller-key.json", "router-key.json"])
    expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
  const fresh = open(true);
  expect(fresh.operatorToken).not.toBe(first.operatorToken);
  expect(fresh.callerKeys).not.toEqual(first.callerKeys);
  expect(fresh.routerKeys).not.toEqual(first.routerKeys);
});

test("fresh wipes what the platform made and nothing else", () => {
  const dataDir = join(folder, "home-of-someone");
  mkdirSync(join(dataDir, "nats"), { recursive: true });
  mkdirSync(join(dataDir, "postgres/cluster"), { recursive: true });
  writeFileSync(join(dataDir, "letter.txt"), "dear");
  openStateFolder(dataDir, true).release();
  expect(["nats", "postgres", "letter.txt"].map((name) => existsSync(join(dataDir, name)))).toEqual([
    false,
    false,
    true,
  ]);
});

test("a taken port is named with what it was for, before anything is started", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  const dataDir = join(folder, "ports");
  const failure = await startStack({ dataDir, ports: { billing: port } }).catch((error: unknown) => error);
  other.close();
  expect(failure).toBeInstanceOf(PortTakenError);
  expect(failure).toMatchObject({ processName: "billing", port });
  expect(existsSync(join(dataDir, "postgres"))).toBe(false);
  openStateFolder(dataDir, false).release();
});

import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { createDatabase } from "@topdog/postgres/pool";
import { dumpSchema } from "@topdog/postgres/schema-dump";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import type { KeptPlace } from "../src/domain/kept-answers.ts";
import { createKeptAnswers } from "../src/store/kept-answers.ts";
import { keyring } from "./byok-rig.ts";

const migrations = new URL("../migrations/", import.meta.url);
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations });
});
afterAll(() => database.drop());

const store = (maxPerOwner = 10) => createKeptAnswers(database.db, { vault: keyring, maxBytes: 100_000, maxPerOwner });
let names = 0;
const somePlace = (more: Partial<KeptPlace> = {}): KeptPlace => ({
  purpose: "idempotency",
  owner: "key_1",
  name: `name_${(names += 1)}`,
  ...more,
});
const answer = Buffer.from("the canary of an answer");

test("the migrations make exactly the committed schema", async () => {
  expect(await dumpSchema(database.db)).toBe(await readFile(new URL("schema.sql", migrations), "utf8"));
});

test("of all who claim a place at once exactly one gets it, and the others what it makes", async () => {
  const at = somePlace();
  const kept = store();
  const all = await Promise.all(Array.from({ length: 12 }, () => kept.claim(at, "f", 60_000)));
  const claimed = all.filter(({ kind }) => kind === "claimed");
  expect([claimed.length, all.filter(({ kind }) => kind === "running").length]).toEqual([1, 11]);
  const [first] = claimed;
  if (first?.kind !== "claimed") throw new Error("nobody claimed");
  expect(await kept.claim(at, "another", 60_000)).toEqual({ kind: "other_request" });
  await kept.keep(at, first.claim, answer, 60_000);
  expect(await kept.claim(at, "f", 60_000)).toEqual({ kind: "kept", content: answer });
  expect(await kept.claim(at, "another", 60_000)).toEqual({ kind: "other_request" });
});

test("a claim that was given up or has lapsed is free again, and its old holder changes nothing any more", async () => {
  const at = somePlace();
  const kept = store();
  const claim = async (withinMs: number): Promise<string> => {
    const claimed = await kept.claim(at, "f", withinMs);
    if (claimed.kind !== "claimed") throw new Error(claimed.kind);
    return claimed.claim;
  };
  await kept.giveUp(at, await claim(60_000));
  const dead = await claim(0);
  const alive = await claim(60_000);
  await kept.keep(at, dead, answer, 60_000);
  await kept.giveUp(at, dead);
  expect(await kept.claim(at, "f", 60_000)).toEqual({ kind: "running" });
  await kept.keep(at, alive, null, 60_000);
  expect(await kept.claim(at, "f", 60_000)).toEqual({ kind: "too_large" });
});

test("what is kept lies sealed, for its own place alone, and another owner does not find it", async () => {
  const at = somePlace({ purpose: "response" });
  const kept = store();
  await kept.put(at, answer, 60_000);
  const { rows } = await database.db.raw<{ rows: object[] }>(
    "select k::text as row, encode(sealed, 'escape') from kept_answer k",
  );
  expect(JSON.stringify(rows)).not.toContain("canary");
  expect((await kept.find(at))?.content).toEqual(answer);
  for (const other of [{ owner: "key_2" }, { purpose: "cache" }, { name: "other" }] as const) {
    expect(await kept.find({ ...at, ...other })).toBeNull();
    expect(await kept.remove({ ...at, ...other })).toBe(false);
  }
  await database.db.raw("update kept_answer set owner = 'key_2' where name = ?", [at.name]);
  await expect(kept.find({ ...at, owner: "key_2" })).rejects.toMatchObject({ failure: "not_authentic" });
});

test("what has lapsed is not there, and is deleted; the rest stays", async () => {
  const [gone, here] = [somePlace({ purpose: "cache" }), somePlace({ purpose: "cache" })];
  const kept = store();
  await kept.put(gone, answer, 0);
  await kept.put(here, answer, 60_000);
  expect(await kept.find(gone)).toBeNull();
  expect(await kept.remove(gone)).toBe(false);
  await kept.forgetLapsed(new AbortController().signal);
  const { rows } = await database.db.raw<{ rows: { name: string }[] }>("select name from kept_answer");
  const left = rows.map(({ name }) => name);
  expect([left.includes(gone.name), left.includes(here.name)]).toEqual([false, true]);
  expect([await kept.remove(here), await kept.find(here)]).toEqual([true, null]);
});

test("of one owner and purpose the newest stay", async () => {
  const owner = "key_of_many";
  const kept = store(3);
  const places = Array.from({ length: 5 }, () => somePlace({ purpose: "cache", owner }));
  const other = somePlace({ purpose: "response", owner });
  await kept.put(other, answer, 60_000);
  for (const at of places) await kept.put(at, answer, 60_000);
  const found = await Promise.all([...places, other].map(async (at) => (await kept.find(at)) !== null));
  expect(found).toEqual([false, false, true, true, true, true]);
});

test("a database that was lost is left alone for a moment: whoever comes meanwhile does not wait for it", async () => {
  let connections = 0;
  const closing = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => {
    closing.listen(0, "127.0.0.1", resolve);
  });
  const { port } = closing.address() as AddressInfo;
  const db = createDatabase({ url: `postgres://nobody:x@127.0.0.1:${port}/none`, applicationName: "test" });
  const kept = createKeptAnswers(db, { vault: keyring, maxBytes: 1000, maxPerOwner: 10 });
  await expect(kept.find(somePlace())).rejects.toThrow("Connection terminated");
  const before = connections;
  expect(before).toBeGreaterThan(0);
  await expect(kept.find(somePlace())).rejects.toThrow("lost a moment ago");
  await expect(kept.claim(somePlace(), "f", 1000)).rejects.toThrow("lost a moment ago");
  await expect(kept.put(somePlace(), answer, 1000)).rejects.toThrow("lost a moment ago");
  expect(connections).toBe(before);
  await db.destroy();
  await new Promise((resolve) => closing.close(resolve));
});

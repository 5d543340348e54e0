import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createDatabase, type Transaction } from "@topdog/postgres/pool";
import { dumpSchema } from "@topdog/postgres/schema-dump";
import { testDatabase, type TestDatabase } from "@topdog/testing/postgres";
import type { KeptPlace, Maker } from "../src/domain/kept-answers.ts";
import { actFor } from "../src/store/acting.ts";
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
const maker: Maker = { orgId: "org_1", userId: "usr_1" };
const times = { ttlMs: 60_000, sinceMs: 0 };
const left = async (): Promise<string[]> =>
  (await database.owner.raw<{ rows: { name: string }[] }>("select name from kept_answer order by name")).rows.map(
    ({ name }) => name,
  );

test("the migrations make exactly the committed schema", async () => {
  expect(await dumpSchema(database.db)).toBe(await readFile(new URL("schema.sql", migrations), "utf8"));
});

test("of all who claim a place at once exactly one gets it, and the others what it makes", async () => {
  const at = somePlace();
  const kept = store();
  const all = await Promise.all(Array.from({ length: 12 }, () => kept.claim(at, maker, "f", 60_000)));
  const claimed = all.filter(({ kind }) => kind === "claimed");
  expect([claimed.length, all.filter(({ kind }) => kind === "running").length]).toEqual([1, 11]);
  const [first] = claimed;
  if (first?.kind !== "claimed") throw new Error("nobody claimed");
  expect(await kept.claim(at, maker, "another", 60_000)).toEqual({ kind: "other_request" });
  await kept.keep(at, first.claim, answer, 60_000);
  expect(await kept.claim(at, maker, "f", 60_000)).toEqual({ kind: "kept", content: answer });
  expect(await kept.claim(at, maker, "another", 60_000)).toEqual({ kind: "other_request" });
});

test("a claim that was given up or has lapsed is free again, and its old holder changes nothing any more", async () => {
  const at = somePlace();
  const kept = store();
  const claim = async (withinMs: number): Promise<string> => {
    const claimed = await kept.claim(at, maker, "f", withinMs);
    if (claimed.kind !== "claimed") throw new Error(claimed.kind);
    return claimed.claim;
  };
  await kept.giveUp(at, await claim(60_000));
  const dead = await claim(0);
  const alive = await claim(60_000);
  await kept.keep(at, dead, answer, 60_000);
  await kept.giveUp(at, dead);
  expect(await kept.claim(at, maker, "f", 60_000)).toEqual({ kind: "running" });
  await kept.keep(at, alive, null, 60_000);
  expect(await kept.claim(at, maker, "f", 60_000)).toEqual({ kind: "too_large" });
});

test("what is kept lies sealed, for its own place alone, and another owner does not find it", async () => {
  const at = somePlace({ purpose: "response" });
  const kept = store();
  await kept.put(at, maker, answer, times);
  const { rows } = await database.owner.raw<{ rows: object[] }>(
    "select k::text as row, encode(sealed, 'escape') from kept_answer k",
  );
  expect(JSON.stringify(rows)).not.toContain("canary");
  expect((await kept.find(at))?.content).toEqual(answer);
  for (const other of [{ owner: "key_2" }, { purpose: "cache" }, { name: "other" }] as const) {
    expect(await kept.find({ ...at, ...other })).toBeNull();
    expect(await kept.remove({ ...at, ...other })).toBe(false);
  }
  await database.owner.raw("update kept_answer set owner = 'key_2' where name = ?", [at.name]);
  await expect(kept.find({ ...at, owner: "key_2" })).rejects.toMatchObject({ failure: "not_authentic" });
});

test("what has lapsed is not there, and is deleted; the rest stays", async () => {
  const [gone, here] = [somePlace({ purpose: "cache" }), somePlace({ purpose: "cache" })];
  const kept = store();
  await kept.put(gone, maker, answer, { ttlMs: 0, sinceMs: 0 });
  await kept.put(here, maker, answer, times);
  expect(await kept.find(gone)).toBeNull();
  expect(await kept.remove(gone)).toBe(false);
  await kept.forgetLapsed(new AbortController().signal);
  const names = await left();
  expect([names.includes(gone.name), names.includes(here.name)]).toEqual([false, true]);
  expect([await kept.remove(here), await kept.find(here)]).toEqual([true, null]);
});

test("of one owner and purpose the newest stay", async () => {
  const owner = "key_of_many";
  const kept = store(3);
  const places = Array.from({ length: 5 }, () => somePlace({ purpose: "cache", owner }));
  const other = somePlace({ purpose: "response", owner });
  await kept.put(other, maker, answer, times);
  for (const at of places) await kept.put(at, maker, answer, times);
  const found = await Promise.all([...places, other].map(async (at) => (await kept.find(at)) !== null));
  expect(found).toEqual([false, false, true, true, true, true]);
});

describe("the second wall", () => {
  /** Round the code: raw SQL as the service's role; nothing of it stays. */
  async function as<T>(who: Parameters<typeof actFor>[1] | null, work: (trx: Transaction) => Promise<T>): Promise<T> {
    const trx = await database.db.transaction();
    try {
      if (who !== null) await actFor(trx, who);
      return await work(trx);
    } finally {
      await trx.rollback();
    }
  }
  const seen = async (who: Parameters<typeof actFor>[1] | null): Promise<string[]> =>
    as(who, async (trx) => {
      const { rows } = await trx.raw<{ rows: { owner: string }[] }>("select distinct owner from kept_answer");
      return rows.map(({ owner }) => owner).toSorted();
    });

  test("who acts for one owner sees, changes and adds that one's rows alone, and for nobody none", async () => {
    const [mine, theirs] = ["key_mine", "key_theirs"];
    for (const owner of [mine, theirs]) await store().put(somePlace({ owner }), maker, answer, times);
    expect([await seen(null), await seen({ owner: "" }), await seen({ owner: mine })]).toEqual([[], [], [mine]]);
    expect(await seen("everyone")).toEqual(expect.arrayContaining([mine, theirs]));
    for (const sql of ["update kept_answer set lapses_at = now()", "delete from kept_answer"]) {
      const { rowCount } = await as({ owner: mine }, (trx) => trx.raw<{ rowCount: number }>(sql));
      expect([sql, rowCount]).toEqual([sql, 1]);
    }
    const stolen = as({ owner: mine }, (trx) => trx.raw("update kept_answer set owner = ?", [theirs]));
    await expect(stolen).rejects.toThrow(/row-level security/);
    const planted = as({ owner: mine }, (trx) =>
      trx.raw(
        "insert into kept_answer (purpose, owner, name, state, lapses_at) values ('cache', ?, 'x', 'too_large', now())",
        [theirs],
      ),
    );
    await expect(planted).rejects.toThrow(/row-level security/);
  });

  test("every table with content of tenants is behind it", async () => {
    const { rows } = await database.owner.raw<{ rows: { name: string }[] }>(
      `select relname as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind = 'r' and not relrowsecurity order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(["erasure", "processed_event", "schema_migration"]);
  });
});

describe("an erasure", () => {
  const made = async (owner: string, by: Maker): Promise<string> => {
    const at = somePlace({ purpose: "response", owner });
    await store().put(at, by, answer, times);
    return at.name;
  };

  test("takes all that a member made in an org, all of an org, or all of a user, and nothing else", async () => {
    const [here, there] = [
      { orgId: "org_a", userId: "usr_a" },
      { orgId: "org_b", userId: "usr_a" },
    ];
    const colleague = { orgId: "org_a", userId: "usr_b" };
    const own = { orgId: null, userId: "usr_a" };
    const rows = [await made("a", here), await made("b", there), await made("c", colleague), await made("d", own)];
    const stay = async (): Promise<boolean[]> => {
      const names = await left();
      return rows.map((name) => names.includes(name));
    };
    expect(await store().erase({ orgId: "org_a", userId: "usr_a" })).toBe(1);
    expect(await stay()).toEqual([false, true, true, true]);
    expect(await store().erase({ orgId: "org_a", userId: null })).toBe(1);
    expect(await stay()).toEqual([false, true, false, true]);
    expect(await store().erase({ orgId: null, userId: "usr_a" })).toBe(2);
    expect(await stay()).toEqual([false, false, false, false]);
  });

  test("holds for calls that began before it, and not for those of somebody who comes back", async () => {
    const kept = store();
    const by = { orgId: "org_e", userId: "usr_e" };
    const at = somePlace();
    const claimed = await kept.claim(at, by, "f", 60_000);
    if (claimed.kind !== "claimed") throw new Error(claimed.kind);
    await kept.erase({ orgId: "org_e", userId: null });
    await kept.keep(at, claimed.claim, answer, 60_000);
    const late = somePlace({ purpose: "cache" });
    await kept.put(late, by, answer, { ttlMs: 60_000, sinceMs: 1000 });
    const other = somePlace({ purpose: "cache" });
    await kept.put(other, { orgId: "org_f", userId: "usr_e" }, answer, { ttlMs: 60_000, sinceMs: 1000 });
    expect([await kept.find(at), await kept.find(late)]).toEqual([null, null]);
    expect((await kept.find(other))?.content).toEqual(answer);
    await database.owner.raw("update erasure set at = at - interval '1 minute' where org_id = 'org_e'");
    await kept.put(late, by, answer, { ttlMs: 60_000, sinceMs: 1000 });
    expect((await kept.find(late))?.content).toEqual(answer);
  });

  test("waits for what is being written, and takes it too", async () => {
    const at = somePlace({ purpose: "cache", owner: "key_slow" });
    const trx = await database.db.transaction();
    await actFor(trx, { owner: at.owner });
    await trx.raw(
      `insert into kept_answer (purpose, owner, name, org_id, user_id, state, lapses_at)
       values ('cache', ?, ?, 'org_w', 'usr_w', 'too_large', now() + interval '1 minute')`,
      [at.owner, at.name],
    );
    const erasing = store().erase({ orgId: "org_w", userId: null });
    await trx.commit();
    expect(await erasing).toBe(1);
  });

  test("is forgotten when no call from before it can be under way", async () => {
    await database.owner.raw("insert into erasure (org_id, at) values ('org_old', now() - interval '49 hours')");
    await store().forgetLapsed(new AbortController().signal);
    const { rows } = await database.owner.raw<{ rows: { org_id: string | null }[] }>("select org_id from erasure");
    expect(rows.some(({ org_id }) => org_id === "org_old")).toBe(false);
    expect(rows.length).toBeGreaterThan(0);
  });
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
  await expect(kept.claim(somePlace(), maker, "f", 1000)).rejects.toThrow("lost a moment ago");
  await expect(kept.put(somePlace(), maker, answer, times)).rejects.toThrow("lost a moment ago");
  expect(connections).toBe(before);
  await db.destroy();
  await new Promise((resolve) => closing.close(resolve));
});

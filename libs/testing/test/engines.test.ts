import { describe, expect, test } from "@jest/globals";
import { streams } from "@topdog/contracts/topology";
import { eventually } from "../src/eventually.ts";
import { testNats } from "../src/nats.ts";
import { testDatabase } from "../src/postgres.ts";

const migrations = new URL("migrations/", import.meta.url);

describe("testDatabase", () => {
  test("gives each caller a migrated database of its own, also when many ask at once", async () => {
    const databases = await Promise.all([1, 2, 3].map(() => testDatabase({ migrations })));
    for (const [index, { db }] of databases.entries()) await db("thing").insert({ id: index });
    const rows = await Promise.all(databases.map(({ db }) => db("thing").pluck("id")));
    await Promise.all(databases.map((database) => database.drop()));
    expect(rows).toEqual([[0], [1], [2]]);
  });

  test("drops its database while somebody is connected to it", async () => {
    const database = await testDatabase({ migrations });
    const other = await testDatabase({ migrations });
    await database.db.raw("select 1");
    await database.drop();
    const found = await other.db.raw<{ rowCount: number }>("select from pg_database where datname = ?", [
      new URL(database.url).pathname.slice(1),
    ]);
    await other.drop();
    expect(found.rowCount).toBe(0);
  });
});

test("testNats keeps its streams over a kill, and loses them only when asked to", async () => {
  const nats = await testNats();
  try {
    await nats.kill9();
    await nats.restart();
    await eventually(() => expect(nats.bus.isConnected()).toBe(true));
    const names = async (): Promise<string[]> => (await nats.bus.jsm.streams.names().next()).toSorted();
    expect(await names()).toEqual(streams.map(({ name }) => name).toSorted());
    await nats.restartEmpty();
    await eventually(async () => expect(await names()).toEqual([]));
  } finally {
    await nats.stop();
  }
});

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { judgeDurability, readDurability } from "../src/durability.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ migrations: new URL("migrations/", import.meta.url) });
});
afterAll(() => database.drop());

const safe = new Map([
  ["fsync", "on"],
  ["full_page_writes", "on"],
  ["synchronous_commit", "on"],
  ["synchronous_standby_names", "ANY 1 (*)"],
]);

test.each([
  ["fsync", "off", 1, 0],
  ["full_page_writes", "off", 1, 0],
  ["synchronous_commit", "off", 1, 0],
  ["synchronous_commit", "local", 0, 1],
  ["synchronous_standby_names", "", 0, 1],
  ["synchronous_commit", "remote_apply", 0, 0],
])("%s = %j is unsafe %i times and weak %i times", (name, value, unsafe, weak) => {
  const found = judgeDurability(new Map([...safe, [name, value]]));
  expect([found.unsafe.length, found.weak.length]).toEqual([unsafe, weak]);
});

test("the settings are read from the server: that of the tests keeps nothing, for none of them kills it", async () => {
  const off = ["fsync", "full_page_writes", "synchronous_commit"].map((name) =>
    expect.stringContaining(`${name} is off`),
  );
  expect(await readDurability(database.db)).toEqual({ unsafe: off, weak: [] });
});

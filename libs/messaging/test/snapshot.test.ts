import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { emptyDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { ImpossibleEventError } from "../src/impossible-event.ts";
import { putNewerSnapshot } from "../src/snapshot.ts";

let scratch: TestDatabase;
beforeAll(async () => {
  scratch = await emptyDatabase();
  await scratch.db.raw(
    "create table thing (id text primary key, size integer not null, version bigint not null, changed_at timestamptz)",
  );
});
beforeEach(async () => {
  await scratch.db("thing").delete();
});
afterAll(() => scratch.drop());

const nowMs = Date.UTC(2026, 10, 22, 12);
const put = (version: number, { agoMs = 0, size = version } = {}): Promise<boolean> =>
  scratch.db.transaction((trx) =>
    putNewerSnapshot(
      trx,
      { table: "thing", key: ["id", "a"], version, changedAt: new Date(nowMs - agoMs), columns: { size } },
      nowMs,
    ),
  );
const stored = async (): Promise<unknown[]> => scratch.db("thing").pluck("size");

describe("putNewerSnapshot", () => {
  test("stores a newer one, and leaves all as it is for an older or a repeated one", async () => {
    const applied = [await put(2), await put(1), await put(2, { size: 9 }), await put(4)];
    expect([applied, await stored()]).toEqual([[true, false, false, true], [4]]);
  });

  test("of many at the same moment the latest is stored, also when there was none before", async () => {
    const versions = [3, 8, 1, 6, 2, 7, 5, 4];
    await Promise.all(versions.map((version) => put(version)));
    expect(await stored()).toEqual([8]);
  });

  test("throws for an impossible version, and changes nothing", async () => {
    await put(1);
    await expect(put(2 ** 52)).rejects.toThrow(ImpossibleEventError);
    await expect(put(2, { agoMs: 3_600_000 })).rejects.toThrow("cannot follow version 1");
    expect(await stored()).toEqual([1]);
  });

  test("a false version gives way to the next true one", async () => {
    await put(1, { agoMs: 7_200_000 });
    await put(3_000_000, { agoMs: 3_600_000 });
    expect(await put(2)).toBe(true);
    expect(await stored()).toEqual([2]);
  });
});

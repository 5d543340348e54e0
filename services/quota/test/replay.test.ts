import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { callerOf, usageOf } from "@topdog/testing/usage";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { reconcileDay } from "../src/usecases/reconcile-day.ts";
import { replayDays } from "../src/usecases/replay-days.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const owner = "user:a";
let quota: QuotaOnPostgres;
let day: string;
beforeEach(async () => {
  quota = await quotaOnPostgres();
  const { leaseId } = await quota.sync("gateway-a", { owner, want: 4 });
  for (const used of [2, 3]) await quota.sync("gateway-a", { owner, leaseId, used });
  day = (await quota.deps.store.readClock()).today;
  const usages = [1, 2].map((seq) =>
    usageOf([{ meter: "api_calls", leaseId: leaseId ?? "", seq }], { ...callerOf(owner), day, refund: seq === 2 }),
  );
  expect((await recordUsage(quota.deps, usages, Date.now())).rejected.size).toBe(0);
  await quota.sync("gateway-a", { owner, leaseId, used: 3, returned: 1, close: true });
});
afterEach(() => quota.drop());

/** As if the day were over. */
const threeDaysLater = (): Promise<unknown> =>
  quota.owner.raw(
    "create or replace function utc_now() returns timestamptz language sql volatile as $$ select clock_timestamp() + interval '3 days' $$",
  );

test("what follows from the ledger does not differ from what is kept", async () => {
  expect(await replayDays(quota.db, { from: day, to: day }, false)).toEqual([]);
});

test("what members drew is rebuilt too: from the leases as the ledger says that they are", async () => {
  const pool = "org:shared";
  await quota.owner.raw(
    "insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap) values (?, 'api_calls', utc_today(), ?, 'teams', 400, 400)",
    [pool, pool],
  );
  for (const member of ["ann", "bob"]) {
    const { leaseId } = await quota.sync("gateway-a", { owner: pool, member, want: 4 });
    await quota.sync("gateway-a", { owner: pool, member, leaseId, used: 2, close: true });
  }
  await quota.db.raw("update member_draw set drawn = drawn + 5 where member = 'ann'");
  await quota.db.raw("update member_draw set member = 'cem' where member = 'bob'");
  const range = { from: day, to: day };
  const found = await replayDays(quota.db, range, false);
  expect(found.map(({ table, place, expected, actual }) => [table, place.split(" ")[0], expected, actual])).toEqual([
    ["member_draw", "ann", "drawn 2", "drawn 7"],
    ["member_draw", "bob", "drawn 2", "drawn 0"],
    ["member_draw", "cem", "drawn 0", "drawn 2"],
  ]);
  await threeDaysLater();
  expect(await replayDays(quota.db, range, true)).toEqual(found);
  expect(await replayDays(quota.db, range, false)).toEqual([]);
  expect((await reconcileDay(quota.db, day)).gaps).toEqual([]);
});

test("a day that was damaged is shown by what differs, changed by nothing but a swap, and then is right", async () => {
  await quota.db.raw("update bucket set settled = settled + 5");
  await quota.db.raw(
    "update lease set acked = acked - 1, reported = 2, highest_seq = 2, burned = 0, final_used = acked - 1, returned = returned + 1",
  );
  await quota.db.raw("update usage_rollup_delta set calls = calls + 7 where calls > 0");
  const range = { from: day, to: day };
  const found = await replayDays(quota.db, range, false);
  expect(found.map(({ table }) => table)).toEqual(["bucket", "lease", "usage_rollup", "usage_rollup"]);
  expect(found[0]).toMatchObject({ expected: "settled 2", actual: "settled 7" });
  expect(await replayDays(quota.db, range, false)).toEqual(found);
  await expect(replayDays(quota.db, range, true)).rejects.toThrow("Only days before yesterday are swapped");
  await threeDaysLater();
  expect(await replayDays(quota.db, range, true)).toEqual(found);
  expect(await replayDays(quota.db, range, false)).toEqual([]);
  expect(await quota.violations()).toEqual([]);
  expect((await reconcileDay(quota.db, day)).gaps).toEqual([]);
});

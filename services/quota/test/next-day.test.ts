import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { applySubscription } from "../src/usecases/apply-subscription.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const [today, tomorrow] = ["2026-11-22", "2026-11-23"];
let quota: QuotaOnPostgres;
beforeAll(async () => {
  quota = await quotaOnPostgres();
});
afterAll(() => quota.drop());

/** The database's clock stands at this time. */
const setClock = (at: string) =>
  quota.owner.raw(
    `create or replace function utc_now() returns timestamptz language sql volatile as $$ select timestamptz '${at}Z' $$`,
  );

async function bucketsOf(owner: string): Promise<unknown[]> {
  const { rows } = await quota.db.raw<{ rows: unknown[] }>(
    `select day::text as day, daily_limit as "limit", settled, escrow from bucket where owner = ? and meter = 'api_calls' order by day`,
    [owner],
  );
  return rows;
}

test("in the last two minutes a gateway gets a lease of tomorrow's bucket beside today's, and serves both days from their own", async () => {
  const owner = "user:late";
  await setClock(`${today}T23:57:00`);
  const tooEarly = await quota.sync("gateway-a", { owner, forDay: tomorrow, want: 4 });
  expect(tooEarly).toMatchObject({ leaseId: null, state: null, day: today, size: 0 });

  await setClock(`${today}T23:59:00`);
  const now = await quota.sync("gateway-a", { owner, forDay: today, want: 4 });
  const ahead = await quota.sync("gateway-a", { owner, forDay: tomorrow, want: 4 });
  expect([now.day, ahead.day, ahead.leaseId === now.leaseId]).toEqual([today, tomorrow, false]);
  expect(await bucketsOf(owner)).toEqual([
    { day: today, limit: 75, settled: 0, escrow: 4 },
    { day: tomorrow, limit: 75, settled: 0, escrow: 4 },
  ]);
  // A lost answer: the same lease again.
  expect((await quota.sync("gateway-a", { owner, forDay: tomorrow })).leaseId).toBe(ahead.leaseId);

  await setClock(`${tomorrow}T00:00:00.010`);
  await quota.sync("gateway-a", { owner, leaseId: now.leaseId, used: 1, returned: 3, close: true });
  const used = await quota.sync("gateway-a", { owner, leaseId: ahead.leaseId, used: 2, want: 4 });
  expect(used).toMatchObject({ state: "open", day: tomorrow, reported: 2 });
  expect(used.size).toBeGreaterThan(4);
  expect(await bucketsOf(owner)).toMatchObject([{ settled: 1, escrow: 0 }, { settled: 2 }]);
  expect(await quota.violations()).toEqual([]);
});

test("a gateway whose day is over is told which day it is, and gets nothing of either", async () => {
  const owner = "user:slow-clock";
  await setClock(`${tomorrow}T00:00:00.005`);
  const answer = await quota.sync("gateway-a", { owner, forDay: today, want: 4 });
  expect(answer).toMatchObject({ leaseId: null, state: null, day: tomorrow, size: 0 });
  expect(await bucketsOf(owner)).toEqual([{ day: tomorrow, limit: 75, settled: 0, escrow: 0 }]);
});

test("a plan, or a ceiling, that changes in those two minutes is tomorrow's too", async () => {
  const owner = "user:upgraded";
  await setClock(`${today}T23:59:30`);
  await quota.sync("gateway-a", { owner, want: 1 });
  await quota.sync("gateway-a", { owner, forDay: tomorrow, want: 1 });
  const changedAt = "2026-11-22T23:59:30.000Z";
  const subscription = {
    owner,
    plan: "pro",
    version: 1,
    seats: 1,
    interval: "month",
    status: "active",
    changedAt,
  } as const;
  await quota.deps.store.transaction((tx) => applySubscription(tx, subscription));
  expect(await bucketsOf(owner)).toMatchObject([{ limit: 800 }, { limit: 800 }]);

  const capped = { owner: "key:late", meter: "capped_calls", want: 1 } as const;
  await quota.sync("gateway-a", { ...capped, forDay: tomorrow, ceiling: { limit: 9, version: 1 } });
  const lowered = await quota.sync("gateway-a", { ...capped, forDay: tomorrow, ceiling: { limit: 5, version: 2 } });
  expect(lowered).toMatchObject({ day: tomorrow, limit: 5 });
});

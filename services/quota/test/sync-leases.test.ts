import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { applySubscription } from "../src/usecases/apply-subscription.ts";
import { closeAbandonedLeases } from "../src/usecases/close-abandoned-leases.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { synchronizeLeases } from "../src/usecases/sync-leases.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";
import { callerOf, usageOf } from "@topdog/testing/usage";

let quota: QuotaOnPostgres;
beforeAll(async () => {
  quota = await quotaOnPostgres();
});
afterAll(() => quota.drop());

const [a, b] = ["gateway-a", "gateway-b"];
const bucketOf = async (owner: string) => {
  const { rows } = await quota.db.raw<{ rows: { settled: number; escrow: number }[] }>(
    "select settled, escrow from bucket where owner = ? and meter = 'api_calls' order by day desc limit 1",
    [owner],
  );
  return rows[0];
};
const setPlan = (owner: string, plan: "free" | "pro" | "teams", version: number, seats = 1) =>
  quota.deps.store.transaction((tx) =>
    applySubscription(tx, {
      owner,
      plan,
      version,
      seats,
      interval: "month",
      status: "active",
      changedAt: "2026-11-22T10:00:00.000Z",
    }),
  );
/** Uses up a whole bucket through one gateway, and ends its lease. */
async function spend(owner: string, gatewayId = a): Promise<string> {
  let lease = await quota.sync(gatewayId, { owner, want: 100 });
  while (lease.status !== "exhausted") {
    const used = Math.min(lease.size - lease.returned, lease.reported + lease.window);
    lease = await quota.sync(gatewayId, { owner, leaseId: lease.leaseId, used, returned: lease.returned, want: 100 });
  }
  return lease.leaseId ?? "";
}

test("the first call of a key is one transaction for both of its meters", async () => {
  let transactions = 0;
  const { transaction, ...rest } = quota.deps.store;
  const counted: typeof quota.deps.store = {
    ...rest,
    transaction: (work) => {
      transactions += 1;
      return transaction(work);
    },
  };
  const ask = { owner: "user:two-meters", leaseId: null, used: 0, returned: 0, want: 4, close: false };
  const leases = (["api_calls", "llm_requests"] as const).map((meter) => ({ ...ask, meter }));
  const reply = await synchronizeLeases({ ...quota.deps, store: counted }, { gatewayId: a, leases });
  expect(reply.leases.map(({ state }) => state)).toEqual(["open", "open"]);
  expect(transactions).toBe(1);
});

describe("a gateway", () => {
  test("gets a lease of its caller's plan, reports, and finds its window reopened", async () => {
    const owner = "user:first";
    const made = await quota.sync(a, { owner, want: 100 });
    expect(made).toMatchObject({
      state: "open",
      size: 4,
      reported: 0,
      window: 2,
      limit: 75,
      remaining: 75,
      plan: "free",
      status: "ok",
    });
    const reported = await quota.sync(a, { owner, leaseId: made.leaseId, used: 2 });
    expect(reported).toMatchObject({ state: "open", size: 4, reported: 2, remaining: 73 });
    expect(await bucketOf(owner)).toEqual({ settled: 2, escrow: 2 });
  });

  test("that lost the first answer is given the same lease when it asks again", async () => {
    const owner = "user:lost";
    const lost = await quota.sync(a, { owner, want: 3 });
    const again = await quota.sync(a, { owner });
    expect(again).toMatchObject({ leaseId: lost.leaseId, size: 3, state: "open" });
  });

  test("may repeat a report or send reports out of order: neither moves a token", async () => {
    const owner = "user:repeat";
    const { leaseId } = await quota.sync(a, { owner, want: 4 });
    await quota.sync(a, { owner, leaseId, used: 1 });
    const newest = { owner, leaseId, used: 2, returned: 1 };
    await quota.sync(a, newest);
    const before = await bucketOf(owner);
    expect(await quota.sync(a, newest)).toMatchObject({ reported: 2, returned: 1 });
    const overtaken = await quota.sync(a, { owner, leaseId, used: 1, want: 50 });
    expect(overtaken).toMatchObject({ state: "open", size: 4, reported: 2, returned: 1 });
    expect(await bucketOf(owner)).toEqual(before);
  });

  test("that ends its lease gives everything unused back, and gets the same answer however often it repeats that", async () => {
    const owner = "user:close";
    const { leaseId } = await quota.sync(a, { owner, want: 4 });
    const close = { owner, leaseId, used: 2, returned: 2, close: true };
    expect(await quota.sync(a, close)).toMatchObject({ leaseId, state: "closed", reported: 2 });
    expect(await quota.sync(a, close)).toMatchObject({ leaseId, state: "closed", reported: 2 });
    expect(await bucketOf(owner)).toEqual({ settled: 2, escrow: 0 });
  });

  test("learns nothing of another gateway's lease and changes nothing in it", async () => {
    const owner = "user:foreign";
    const { leaseId } = await quota.sync(a, { owner, want: 4 });
    expect(await quota.sync(b, { owner, leaseId, used: 2, want: 5 })).toMatchObject({ state: "closed", size: 0 });
    expect(await bucketOf(owner)).toEqual({ settled: 0, escrow: 4 });
  });

  test("reports many leases in one message and is answered in its order", async () => {
    const owners = ["user:m3", "user:m1", "user:m2"];
    const leases = owners.flatMap((owner) =>
      (["llm_requests", "api_calls"] as const).map((meter) => ({
        owner,
        meter,
        leaseId: null,
        used: 0,
        returned: 0,
        want: 2,
        close: false,
      })),
    );
    const reply = await synchronizeLeases(quota.deps, { gatewayId: a, leases });
    expect(reply.leases.map(({ owner, meter, size }) => `${owner} ${meter} ${size}`)).toEqual(
      leases.map(({ owner, meter }) => `${owner} ${meter} 2`),
    );
  });
});

describe("a report that cannot be true", () => {
  test.each([
    ["user:v-size", { used: 5 }],
    ["user:v-window", { used: 3 }],
    ["user:v-return", { used: 2, returned: 3 }],
  ])("%s: the lease is fenced, the counters stay exact and its neighbours are served", async (owner, lie) => {
    const { leaseId } = await quota.sync(a, { owner, want: 4 });
    const shared = { meter: "api_calls" as const, used: 0, returned: 0, want: 0, close: false };
    const reply = await synchronizeLeases(quota.deps, {
      gatewayId: a,
      leases: [
        { ...shared, owner, leaseId, ...lie },
        { ...shared, owner: `${owner}-next`, leaseId: null, want: 1 },
      ],
    });
    expect(reply.leases.map(({ state, size }) => [state, size])).toEqual([
      ["closed", 4],
      ["open", 1],
    ]);
    // At most the window may have been used unreported: that much stays in escrow.
    expect(await bucketOf(owner)).toEqual({ settled: 0, escrow: 2 });
    expect(await quota.violations()).toEqual([]);
  });
});

describe("a vanished gateway", () => {
  const vanish = async (id: string): Promise<void> => {
    await quota.db.raw("update gateway set last_seen = utc_now() - interval '1 minute' where gateway_id = ?", [id]);
    await closeAbandonedLeases(quota.deps, 10_000);
  };

  test("loses its lease; only its window is burned, and its late reports are settled from that", async () => {
    const owner = "user:gone";
    const { leaseId } = await quota.sync("gateway-gone", { owner, want: 4 });
    await quota.sync("gateway-gone", { owner, leaseId, used: 1 });
    await vanish("gateway-gone");
    expect(await bucketOf(owner)).toEqual({ settled: 1, escrow: 2 });
    const late = await quota.sync("gateway-gone", { owner, leaseId, used: 2, want: 9 });
    expect(late).toMatchObject({ state: "closed", reported: 2, size: 4 });
    expect(await bucketOf(owner)).toEqual({ settled: 2, escrow: 1 });
  });

  test("that was only silent sends its final report, and nothing stays burned", async () => {
    const owner = "user:silent";
    const { leaseId } = await quota.sync("gateway-silent", { owner, want: 4 });
    await vanish("gateway-silent");
    await quota.sync("gateway-silent", { owner, leaseId, used: 1, returned: 3, close: true });
    expect(await bucketOf(owner)).toEqual({ settled: 1, escrow: 0 });
    expect(await quota.violations()).toEqual([]);
  });

  test("is not one that was seen lately", async () => {
    const owner = "user:alive";
    const { leaseId } = await quota.sync("gateway-alive", { owner, want: 4 });
    await closeAbandonedLeases(quota.deps, 10_000);
    expect(await quota.sync("gateway-alive", { owner, leaseId })).toMatchObject({ state: "open" });
  });
});

describe("the end of a bucket", () => {
  test("while another holds unused tokens it is contended and they are recalled; then it is exhausted, told once", async () => {
    const owner = "user:tail";
    const holder = await quota.sync(b, { owner, want: 4 });
    let lease = await quota.sync(a, { owner, want: 100 });
    while (lease.status === "ok") {
      const used = Math.min(lease.size, lease.reported + lease.window);
      lease = await quota.sync(a, { owner, leaseId: lease.leaseId, used, want: 100 });
    }
    expect(lease).toMatchObject({ status: "contended", size: 71 });
    expect(quota.recalls.filter((signal) => signal.owner === owner)).toContainEqual({
      owner,
      meter: "api_calls",
      reason: "tail",
    });
    await quota.sync(b, { owner, leaseId: holder.leaseId, used: 0, returned: 4 });
    expect(await spend(owner)).toBe(lease.leaseId);
    expect(await bucketOf(owner)).toEqual({ settled: 75, escrow: 0 });
    expect(await quota.sync(b, { owner, want: 1 })).toMatchObject({
      leaseId: holder.leaseId,
      status: "exhausted",
      remaining: 0,
    });
    const { rows } = await quota.db.raw<{ rows: { payload: string }[] }>(
      "select payload from outbox where payload like '%user:tail%'",
    );
    expect(rows.map(({ payload }) => JSON.parse(payload) as unknown)).toMatchObject([
      { owner, meter: "api_calls", limit: 75 },
    ]);
  });

  test("a refund reopens it, and gateways that were told that nothing is left are told so", async () => {
    const owner = "user:reopened";
    const leaseId = await spend(owner);
    const usage = usageOf([{ meter: "api_calls", leaseId, seq: 9 }], { ...callerOf(owner), refund: true });
    await recordUsage(quota.deps, [usage], Date.now());
    expect(quota.recalls).toContainEqual({ owner, meter: "api_calls", reason: "limit_changed" });
    expect(await quota.sync(b, { owner, want: 5 })).toMatchObject({ size: 1, status: "ok" });
  });
});

describe("plans", () => {
  test("without a subscription an org has an empty bucket and its seats have nothing", async () => {
    for (const owner of ["org:none", "seat:none:u1"]) {
      expect(await quota.sync(a, { owner, want: 5 })).toMatchObject({
        leaseId: null,
        state: null,
        limit: 0,
        status: "exhausted",
      });
    }
  });

  test("a raise counts at once, for the org bucket and every seat, and returns whom to tell", async () => {
    await quota.sync(a, { owner: "org:raise", want: 1 });
    await quota.sync(a, { owner: "seat:raise:u1", want: 1 });
    const touched = await setPlan("org:raise", "teams", 1, 3);
    expect(touched.map(({ owner }) => owner).toSorted()).toEqual(["org:raise", "seat:raise:u1"]);
    expect(await quota.sync(a, { owner: "org:raise", want: 1 })).toMatchObject({ limit: 1200, size: 1, plan: "teams" });
    expect(await quota.sync(a, { owner: "seat:raise:u1", want: 1 })).toMatchObject({ limit: 1600, size: 1 });
  });

  test("after a lowering nothing is granted while leases hold too much, and what they hold stays valid", async () => {
    const owner = "user:lowered";
    await setPlan(owner, "pro", 1);
    let lease = await quota.sync(a, { owner, want: 50 });
    for (let n = 0; n < 10; n += 1) {
      lease = await quota.sync(a, {
        owner,
        leaseId: lease.leaseId,
        used: lease.reported + lease.window - 10,
        want: 50,
      });
    }
    expect(lease.reported).toBe(100);
    await setPlan(owner, "free", 2);
    const lowered = await quota.sync(a, { owner, leaseId: lease.leaseId, used: 110, want: 50 });
    expect(lowered).toMatchObject({ limit: 75, size: lease.size, reported: 110 });
    const unused = lease.size - 110;
    expect(await quota.sync(a, { owner, leaseId: lease.leaseId, used: 110, returned: unused, want: 5 })).toMatchObject({
      status: "exhausted",
      remaining: 0,
    });
    expect(await quota.violations()).toEqual([]);
  });

  test("an older version of a subscription is ignored", async () => {
    const owner = "user:versions";
    await setPlan(owner, "pro", 5);
    expect(await setPlan(owner, "free", 4)).toEqual([]);
    expect(await quota.sync(a, { owner, want: 1 })).toMatchObject({ limit: 800 });
  });
});

test("a lease ends with its day: it can still be reported, and grows no more", async () => {
  const owner = "user:midnight";
  const { leaseId, day } = await quota.sync(a, { owner, want: 4 });
  await quota.owner.raw(
    "create or replace function utc_today() returns date language sql stable as $$ select (utc_now() at time zone 'utc')::date + 1 $$",
  );
  const late = await quota.sync(a, { owner, leaseId, used: 1, want: 9 });
  expect(late).toMatchObject({ leaseId, day, state: "open", size: 4, reported: 1 });
  const fresh = await quota.sync(a, { owner, want: 4 });
  expect(fresh).toMatchObject({ size: 4, reported: 0, remaining: 75 });
  expect(fresh.leaseId).not.toBe(leaseId);
  await quota.db.raw("update lease set touched_at = touched_at - interval '1 minute' where lease_id = ?", [leaseId]);
  expect(await closeAbandonedLeases(quota.deps, 10_000)).toBeGreaterThan(0);
  expect(await quota.sync(a, { owner, leaseId, used: 1 })).toMatchObject({ state: "closed" });
  expect(await quota.violations()).toEqual([]);
});

test("a gateway that asks again as if it had no lease gets the one it has, and not a larger one", async () => {
  const owner = "user:forgetful";
  const { leaseId, size } = await quota.sync(a, { owner, want: 4 });
  for (let asked = 0; asked < 5; asked += 1)
    expect(await quota.sync(a, { owner, want: 4 })).toMatchObject({ leaseId, size });
});

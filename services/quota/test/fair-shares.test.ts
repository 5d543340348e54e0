import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { applySubscription } from "../src/usecases/apply-subscription.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { readLimits } from "../src/usecases/read-limits.ts";
import { usageOf } from "@topdog/testing/usage";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

let quota: QuotaOnPostgres;
beforeAll(async () => {
  quota = await quotaOnPostgres();
});
afterAll(() => quota.drop());

const seats = 1;
/** Of Teams, with one seat. */
const limit = 400;
let orgs = 0;
/** An org with a bucket of 400 calls. */
async function newOrg(): Promise<string> {
  const owner = `org:shared_${(orgs += 1)}`;
  const changedAt = "2026-11-22T10:00:00.000Z";
  const subscription = {
    owner,
    plan: "teams",
    version: 1,
    seats,
    interval: "month",
    status: "active",
    changedAt,
  } as const;
  await quota.deps.store.transaction((tx) => applySubscription(tx, subscription));
  return owner;
}

/** Draws until nothing more is given, and returns how much that was. */
async function drawAll(owner: string, member: string, gatewayId = "gateway-a", most = limit): Promise<number> {
  let lease = await quota.sync(gatewayId, { owner, member, want: Math.min(100, most) });
  for (let used = 0; lease.status === "ok" && used < most;) {
    used = Math.min(lease.size, lease.reported + lease.window, most);
    const want = Math.min(100, most - used);
    lease = await quota.sync(gatewayId, { owner, member, leaseId: lease.leaseId, used, want });
  }
  return lease.reported;
}

async function drawsOf(owner: string): Promise<Record<string, number>> {
  const { rows } = await quota.db.raw<{ rows: { member: string; drawn: number }[] }>(
    "select member, drawn from member_draw where owner = ? and drawn > 0",
    [owner],
  );
  return Object.fromEntries(rows.map(({ member, drawn }) => [member, drawn]));
}

test("a gateway has a lease for each member, and is told for whom it is", async () => {
  const owner = await newOrg();
  const ann = await quota.sync("gateway-a", { owner, member: "ann", want: 4 });
  const bob = await quota.sync("gateway-a", { owner, member: "bob", want: 4 });
  expect([ann.member, bob.member, ann.leaseId === bob.leaseId]).toEqual(["ann", "bob", false]);
  const again = await quota.sync("gateway-a", { owner, member: "ann" });
  expect(again.leaseId).toBe(ann.leaseId);
  expect(await drawsOf(owner)).toEqual({ ann: 4, bob: 4 });
});

test("a gateway of the release before has one lease for anybody, without a share", async () => {
  const owner = await newOrg();
  const first = await quota.sync("gateway-a", { owner, want: 4 });
  expect([first.member, first.share]).toEqual([undefined, undefined]);
  expect(await drawsOf(owner)).toEqual({});
});

test("who draws alone gets all of the bucket; once others draw too, each is kept a share, and who is beyond theirs is told so", async () => {
  const alone = await newOrg();
  expect(await drawAll(alone, "ann")).toBe(limit);

  const owner = await newOrg();
  await quota.sync("gateway-b", { owner, member: "bob", want: 1 });
  const drawn = await drawAll(owner, "ann");
  // Two shares of 100: 99 are kept for bob.
  expect(drawn).toBe(limit - 100);
  const refused = await quota.sync("gateway-a", { owner, member: "ann", want: 1 });
  expect(refused).toMatchObject({ status: "exhausted", remaining: 0, share: { size: 100, drawn: 300, kept: 99 } });
  const [line] = (await readLimits(quota.db, [{ orgId: "o", personal: null, pool: owner, member: "ann" }], [])).lines;
  expect(line?.share).toEqual({ size: 100, drawn: 300, kept: 99, members: 2 });
  // A member without a seat draws nothing.
  const idle = await readLimits(quota.db, [{ orgId: "o", personal: null, pool: owner, member: null }], []);
  expect(idle.lines[0]?.share).toBeNull();
  // Nobody is told that the bucket is exhausted: it is not.
  const { rows } = await quota.db.raw<{ rows: object[] }>("select told_exhausted from bucket where owner = ?", [owner]);
  expect(rows).toEqual([{ told_exhausted: false }]);
  expect(await drawAll(owner, "bob", "gateway-b")).toBe(100);
  expect(await drawsOf(owner)).toEqual({ ann: 300, bob: 100 });
  expect(await quota.violations()).toEqual([]);
});

test("an hour after its member asked a share is everybody's again", async () => {
  const owner = await newOrg();
  await drawAll(owner, "bob", "gateway-b", 1);
  expect(await drawAll(owner, "ann")).toBe(limit - 100);
  await quota.db.raw(
    "update member_draw set asked_at = utc_now() - interval '61 minutes' where owner = ? and member = 'bob'",
    [owner],
  );
  expect(await drawAll(owner, "ann", "gateway-c")).toBe(99);
});

test("what one of two gateways holds for a member is recalled for another member's share", async () => {
  const owner = await newOrg();
  const held = await quota.sync("gateway-a", { owner, member: "ann", want: 25 });
  await drawAll(owner, "ann", "gateway-b");
  const [used] = Object.values(await drawsOf(owner));
  expect(used).toBe(limit);
  expect(await quota.sync("gateway-b", { owner, member: "bob", want: 1 })).toMatchObject({ status: "contended" });
  expect(quota.recalls.at(-1)).toEqual({ owner, meter: "api_calls", reason: "tail" });
  // Ann's other gateway asks before bob's does: what came back is his.
  await quota.sync("gateway-a", { owner, member: "ann", leaseId: held.leaseId, returned: held.size });
  expect(await quota.sync("gateway-b", { owner, member: "ann", want: 5 })).toMatchObject({ status: "exhausted" });
  expect(await quota.sync("gateway-b", { owner, member: "bob", want: 25 })).toMatchObject({
    status: "ok",
    state: "open",
  });
});

test("a call that is given back, a lease that is closed: both leave the member with less drawn", async () => {
  const owner = await newOrg();
  const { leaseId } = await quota.sync("gateway-a", { owner, member: "ann", want: 10 });
  const usage = usageOf([{ meter: "api_calls", leaseId: leaseId ?? "", seq: 1 }], {
    userId: "ann",
    orgId: owner.slice(4),
    source: "org_pool",
    outcome: "failed",
    refund: true,
  });
  expect((await recordUsage(quota.deps, [usage], Date.now())).rejected.size).toBe(0);
  expect(await drawsOf(owner)).toEqual({ ann: 9 });
  await quota.sync("gateway-a", { owner, member: "ann", leaseId, used: 3, returned: 7, close: true });
  expect(await drawsOf(owner)).toEqual({ ann: 2 });
});

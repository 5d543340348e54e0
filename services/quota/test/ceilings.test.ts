import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { CeilingLimit, Charge } from "@topdog/contracts/quota";
import { sessionOf } from "@topdog/testing/account-call";
import { usageOf } from "@topdog/testing/usage";
import { reachAccounts } from "../src/usecases/reach-place.ts";
import { readLimits } from "../src/usecases/read-limits.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

let quota: QuotaOnPostgres;
beforeAll(async () => {
  quota = await quotaOnPostgres();
});
afterAll(() => quota.drop());

let keys = 0;
const newOwner = (): string => `key:key_${(keys += 1)}`;
const capped = { meter: "capped_calls" } as const;
const ask = (gateway: string, owner: string, ceiling: CeilingLimit, want = 10) =>
  quota.sync(gateway, { ...capped, owner, ceiling, want });

test("gateways together never get more than a ceiling has, and the rest of what one gives back is the other's", async () => {
  const owner = newOwner();
  const ceiling = { limit: 3, version: 1 };
  const first = await ask("gateway-a", owner, ceiling);
  const others = [await ask("gateway-b", owner, ceiling), await ask("gateway-c", owner, ceiling)];
  const held = [first, ...others].reduce((sum, { size }) => sum + size, 0);
  expect([first.limit, first.plan, held]).toEqual([3, null, 3]);
  expect((await ask("gateway-d", owner, ceiling)).status).toBe("contended");
  const { leaseId } = first;
  await quota.sync("gateway-a", { ...capped, owner, ceiling, leaseId, returned: first.size, close: true });
  expect((await ask("gateway-d", owner, ceiling)).size).toBe(first.size);
});

test("of two limits the newer version is in force, whoever brings the older one later; holders are told", async () => {
  const owner = newOwner();
  const old = { limit: 2, version: 1 };
  const { leaseId } = await ask("gateway-a", owner, old);
  await quota.sync("gateway-a", { ...capped, owner, ceiling: old, leaseId, used: 1, returned: 0, close: true });
  const before = quota.recalls.length;
  expect(await ask("gateway-b", owner, { limit: 50, version: 2 })).toMatchObject({ limit: 50, status: "ok" });
  expect(quota.recalls.slice(before)).toContainEqual({ owner, ...capped, reason: "limit_changed" });
  expect(await ask("gateway-a", owner, old)).toMatchObject({ limit: 50 });
  // Lowered below what is used and out: nothing more is granted.
  expect(await ask("gateway-c", owner, { limit: 1, version: 3 })).toMatchObject({ limit: 1, size: 0 });
  expect(await quota.violations()).toEqual([]);
});

test("a ceiling makes no entitlement, and a changed plan leaves it alone", async () => {
  const owner = newOwner();
  await ask("gateway-a", owner, { limit: 5, version: 1 });
  const { rows } = await quota.db.raw<{ rows: { owner: string }[] }>(
    "select owner from entitlement where owner like '%key_%'",
  );
  expect(rows).toEqual([]);
});

let gateways = 0;
async function chargesOf(owner: string): Promise<Charge[]> {
  // A gateway of its own each time, with leases of which nothing is used.
  const gateway = `gateway-of-call-${(gateways += 1)}`;
  const personal = await quota.sync(gateway, { owner: "user:usr_1", want: 1 });
  const ceiling = await ask(gateway, owner, { limit: 5, version: 1 }, 1);
  return [
    { meter: "api_calls", leaseId: personal.leaseId ?? "", seq: 1 },
    { meter: "capped_calls", leaseId: ceiling.leaseId ?? "", seq: 1 },
  ];
}
const settledOf = async (owner: string) => {
  const { rows } = await quota.db.raw<{ rows: { settled: number }[] }>("select settled from bucket where owner = ?", [
    owner,
  ]);
  return rows[0]?.settled;
};

test("a record completes the ceiling's row with the call's, a refund gives both back, and sums count the call once", async () => {
  const owner = newOwner();
  const usage = usageOf(await chargesOf(owner), { keyId: owner.slice(4) });
  expect((await recordUsage(quota.deps, [usage], Date.now())).rejected.size).toBe(0);
  expect([await settledOf(owner), await settledOf("user:usr_1")]).toEqual([1, 1]);
  const { rows } = await quota.db.raw<{ rows: { calls: number }[] }>(
    "select sum(calls)::int as calls from usage_rollup_delta where key_id = ?",
    [owner.slice(4)],
  );
  expect(rows).toEqual([{ calls: 1 }]);
  await recordUsage(quota.deps, [{ ...usage, outcome: "failed", refund: true }], Date.now());
  expect([await settledOf(owner), await settledOf("user:usr_1")]).toEqual([0, 0]);
  expect(await quota.violations()).toEqual([]);
});

test("a call cannot be charged to another key's ceiling", async () => {
  const [charge] = (await chargesOf(newOwner())).slice(1);
  const usage = usageOf(charge === undefined ? [] : [charge], { keyId: "key_of_somebody_else" });
  const { rejected } = await recordUsage(quota.deps, [usage], Date.now());
  expect([...rejected.values()].map(({ message }) => message)).toEqual([expect.stringContaining("somebody else")]);
});

test("whoever asks for their limits is shown the ceilings of the asking key, with what is used of them", async () => {
  const owner = newOwner();
  await recordUsage(quota.deps, [usageOf(await chargesOf(owner), { keyId: owner.slice(4) })], Date.now());
  const ceilings = [
    { owner, limit: 5, version: 1, setBy: "holder" as const },
    { owner: "member:org_1:usr_1", limit: 7, version: 3, setBy: "org" as const },
  ];
  expect((await readLimits(quota.db, [], ceilings)).ceilings).toEqual([
    { on: "key", setBy: "holder", limit: 5, used: 1 },
    { on: "member", setBy: "org", limit: 7, used: 0 },
  ]);
});

test("a member who is signed in is shown the ceiling that their org has set for them, and none elsewhere", async () => {
  const member = { role: "member", active: true, ceiling: { limit: 7, version: 3 } } as const;
  const standing = (_userId: string, orgId: string | null) =>
    Promise.resolve({ member: orgId === null ? null : member, byok: [] });
  const shown = async (orgId?: string) => {
    const { accounts, ceilings } = await reachAccounts(standing, sessionOf("usr_1"), orgId);
    return (await readLimits(quota.db, accounts, ceilings)).ceilings;
  };
  expect(await shown("org_1")).toEqual([{ on: "member", setBy: "org", limit: 7, used: 0 }]);
  expect(await shown()).toEqual([]);
});

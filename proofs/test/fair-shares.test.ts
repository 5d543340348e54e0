import { expect, test } from "@jest/globals";
import type { LeaseGrant } from "@topdog/contracts/rpc/sync-leases";
import {
  availabilityOf,
  giveBack,
  type HeldLease,
  mergeGrant,
  newLease,
  reportOf,
  takeToken,
} from "@topdog/gateway/domain/lease";
import * as fc from "fast-check";
import { quotaInMemory, type QuotaState, type QuotaUnderTest } from "../support/quota-under-test.ts";

const day = "2026-11-22";
const noonMs = Date.parse(`${day}T12:00:00.000Z`);
const minuteMs = 60_000;
const owner = "org:acme";
/** Teams with one seat. */
const limit = 400;
const members = ["ann", "bob", "cem", "dan"];
const gateways = 3;

const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant("draw" as const),
        member: fc.nat({ max: members.length - 1 }),
        gateway: fc.nat({ max: gateways - 1 }),
        want: fc.integer({ min: 1, max: 60 }),
        calls: fc.nat({ max: 40 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("recall" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), minutes: fc.constantFrom(1, 40, 61) }) },
  ),
  { maxLength: 150, size: "max" },
);
type Step = typeof steps extends fc.Arbitrary<(infer T)[]> ? T : never;

interface Fleet {
  readonly quota: QuotaUnderTest;
  /** By gateway and member. */
  readonly leases: Map<string, HeldLease>;
  /** When each member last asked for a token or used one. */
  readonly askedMs: Map<string, number>;
  order: number;
  nowMs: number;
}

async function newFleet(): Promise<Fleet> {
  const quota = quotaInMemory(
    () => fleet.nowMs,
    () => undefined,
  );
  const fleet: Fleet = { quota, leases: new Map(), askedMs: new Map(), order: 0, nowMs: noonMs };
  await quota.setPlan(owner, "teams", 1);
  return fleet;
}

const leaseAt = ({ leases }: Fleet, gateway: string, member: string): HeldLease => {
  const key = `${gateway} ${member}`;
  const lease = leases.get(key) ?? newLease(owner, "api_calls", member);
  leases.set(key, lease);
  return lease;
};

/** What each member has drawn, by the leases; and who is active, by what they did. */
function sharesIn({ leases }: QuotaState, { askedMs, nowMs }: Fleet, asker: string) {
  const drawn = new Map<string, number>();
  for (const { member, size, returned } of leases)
    if (member !== null) drawn.set(member, (drawn.get(member) ?? 0) + size - returned);
  const asked = [...askedMs].filter(([, at]) => at >= nowMs - 60 * minuteMs).map(([member]) => member);
  const active = new Set([...asked, asker]);
  return { drawn, active, size: Math.floor(limit / (2 * active.size)) };
}

function checkAnswer(fleet: Fleet, state: QuotaState, member: string, before: number, grant: LeaseGrant): void {
  const { drawn, active, size } = sharesIn(state, fleet, member);
  const bucket = state.buckets.find((one) => one.owner === owner);
  const free = limit - (bucket?.settled ?? 0) - (bucket?.escrow ?? 0);
  expect(free).toBeGreaterThanOrEqual(0);
  const own = drawn.get(member) ?? 0;
  const kept = [...active]
    .filter((one) => one !== member)
    .reduce((sum, one) => sum + Math.max(0, size - (drawn.get(one) ?? 0)), 0);
  // Beyond their share nobody is granted what is kept for others.
  if (own > before && own > size) expect(free).toBeGreaterThanOrEqual(kept);
  // Below it nobody is refused while there is a token anywhere.
  if (grant.status === "exhausted" && own < size) {
    const open = state.leases.reduce((sum, one) => sum + one.size - one.acked - one.returned - one.burned, 0);
    expect([free, open]).toEqual([0, 0]);
  }
  expect(grant.member).toBe(member);
}

async function exchange(fleet: Fleet, gatewayId: string, lease: HeldLease, want: number): Promise<LeaseGrant> {
  const member = lease.member ?? "";
  const before = sharesIn(await fleet.quota.state(), fleet, member).drawn.get(member) ?? 0;
  const report = reportOf(lease, want);
  if (want > 0 || lease.used > lease.reported) fleet.askedMs.set(member, fleet.nowMs);
  const sent = { order: (fleet.order += 1), report };
  const [grant] = (await fleet.quota.sync({ gatewayId, leases: [report] })).leases;
  if (grant === undefined) throw new Error("no grant was answered");
  mergeGrant(lease, sent, grant);
  checkAnswer(fleet, await fleet.quota.state(), member, before, grant);
  return grant;
}

async function step(fleet: Fleet, one: Step): Promise<void> {
  switch (one.kind) {
    case "draw": {
      const gatewayId = `gateway-${one.gateway}`;
      const lease = leaseAt(fleet, gatewayId, members[one.member] ?? "");
      await exchange(fleet, gatewayId, lease, one.want);
      for (let call = 0; call < one.calls && availabilityOf(lease, day) === "ready"; call += 1) takeToken(lease);
      await exchange(fleet, gatewayId, lease, 0);
      return;
    }
    case "recall":
      for (const [key, lease] of fleet.leases) {
        if (lease.leaseId === null) continue;
        giveBack(lease);
        await exchange(fleet, key.split(" ")[0] ?? "", lease, 0);
      }
      return;
    case "wait":
      fleet.nowMs += one.minutes * minuteMs;
  }
}

test("no member beyond their share gets what is kept for others, and none below it is refused while a token is anywhere", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const fleet = await newFleet();
      for (const one of script) {
        // The day is not over.
        if (fleet.nowMs > noonMs + 600 * minuteMs) return;
        await step(fleet, one);
      }
    }),
    { numRuns: 60 },
  );
});

test("nothing of the bucket is stranded: an hour after the others have gone one member can draw the rest", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const fleet = await newFleet();
      for (const one of script.filter(({ kind }) => kind !== "wait")) await step(fleet, one);
      await step(fleet, { kind: "recall" });
      fleet.nowMs += 61 * minuteMs;
      const lease = leaseAt(fleet, "gateway-0", "ann");
      for (let grant = await exchange(fleet, "gateway-0", lease, 60); grant.status === "ok";) {
        while (availabilityOf(lease, day) === "ready") takeToken(lease);
        grant = await exchange(fleet, "gateway-0", lease, 60);
      }
      const [bucket] = (await fleet.quota.state()).buckets;
      expect(bucket).toMatchObject({ settled: limit, escrow: 0 });
    }),
    { numRuns: 40 },
  );
});

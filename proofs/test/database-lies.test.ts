import { expect, test } from "@jest/globals";
import { escrowOf } from "@topdog/quota/domain/lease";
import * as fc from "fast-check";
import { createFleet, type Fleet } from "../support/fleet.ts";
import { copyTables, emptyTables, type MemoryTables, restoreTables } from "../support/memory-tables.ts";
import { callers, costs } from "../simulation/callers.ts";
import { quotaInMemory, type QuotaUnderTest } from "../support/quota-under-test.ts";
import { createSimulatedTime, type SimulatedTime } from "../support/simulated-time.ts";
import { usageOf } from "../support/usage.ts";

const noonMs = Date.parse("2026-11-22T12:00:00.000Z");
const dayMs = 86_400_000;
const perRound = 4;
/** From the lie, or its end, until every call is served again. */
const recoveryMs = 3_000;
/** No server is stopped, restored and started faster. */
const restoreMs = 1_000;

interface World {
  readonly time: SimulatedTime;
  readonly tables: MemoryTables;
  readonly quota: QuotaUnderTest;
  readonly fleet: Fleet;
  /** What the database's clock shows beyond the time. */
  aheadMs: number;
}

async function newWorld(): Promise<World> {
  const time = createSimulatedTime(noonMs);
  const tables = emptyTables();
  const quota = quotaInMemory(
    () => time.nowMs() + world.aheadMs,
    (signal) => world.fleet.deliver(signal),
    tables,
  );
  const fleet = createFleet({
    time,
    quota: () => quota,
    size: 2,
    nextFate: () => "answered",
    isSignalLost: () => false,
  });
  const world: World = { time, tables, quota, fleet, aheadMs: 0 };
  await quota.setPlan("user:ann", "pro", 1);
  await quota.setPlan("org:acme", "teams", 3);
  return world;
}

/** Calls of every caller on every gateway. Returns how many of them were admitted. */
async function callAround({ fleet, time }: World, withAnn = true): Promise<number> {
  const before = fleet.calls.length;
  for (const gateway of fleet.gateways) {
    for (let n = 0; n < perRound; n += 1) {
      if (withAnn) fleet.call(gateway, callers.ann, costs.chat);
      fleet.call(gateway, callers.bob, costs.chat);
    }
  }
  await time.pass(2_000);
  return fleet.calls.length - before;
}

const openTokens = ({ tables }: World): number =>
  [...tables.buckets.values()].reduce((sum, { escrow }) => sum + escrow, 0);

test.each([
  ["leases that it holds are unknown", true],
  ["leases that it ended are to be given out again", false],
])("a restored database: %s, and every gateway serves again by itself within seconds", async (_case, isHeld) => {
  const world = await newWorld();
  const { time, tables, quota, fleet } = world;
  expect(await callAround(world, false)).toBe(2 * perRound);
  const backup = copyTables(tables);
  // Leases of others in the part of the history that will be lost; Ann's are all of it.
  tables.nextLeaseId.value += 1_000n;
  expect(await callAround(world)).toBe(4 * perRound);
  const lostCalls = fleet.calls.slice(2 * perRound);
  if (!isHeld) {
    // Idle for hours: the leases end.
    for (let hour = 0; hour < 7; hour += 1) await time.pass(3_600_000);
    expect([...tables.leases.values()].every(({ state }) => state === "closed")).toBe(true);
  }

  restoreTables(tables, backup);
  await callAround(world);
  await time.pass(recoveryMs);
  for (let round = 0; round < 3; round += 1) expect(await callAround(world)).toBe(4 * perRound);
  // Nothing is kept for leases that nobody uses: what is out fits the few calls that were made.
  expect(openTokens(world)).toBeLessThan(300);

  // Records of calls from the lost history are taken by their own owner's lease, or not at all.
  const rejected = await quota.recordUsage(lostCalls.map(({ charges }) => usageOf(charges[0]!.owner, charges)));
  const ownerOf = new Map([...tables.leases.values()].map(({ leaseId, owner }) => [leaseId, owner]));
  for (const { charges } of lostCalls) {
    for (const { leaseId, seq, owner } of charges) {
      const row = tables.ledger.get(`${leaseId}:${seq}:charge`);
      if (row?.state === "completed") expect(ownerOf.get(leaseId)).toBe(owner);
    }
  }
  expect(rejected.filter((reason) => !/is unknown|was never granted|belongs to somebody else/.test(reason))).toEqual(
    [],
  );
});

test("a restored database: what gateways hold for a caller who is idle is checked as soon as anybody calls, so that no call of theirs is charged to a lease that is gone", async () => {
  const world = await newWorld();
  const { time, tables, quota, fleet } = world;
  const backup = copyTables(tables);
  expect(await callAround(world)).toBe(4 * perRound);
  restoreTables(tables, backup);
  await callAround(world, false);
  await time.pass(recoveryMs);

  const before = fleet.calls.length;
  expect(await callAround(world)).toBe(4 * perRound);
  const calls = fleet.calls.slice(before);
  expect(await quota.recordUsage(calls.map(({ charges }) => usageOf(charges[0]!.owner, charges)))).toEqual([]);
});

const bursts = fc.array(
  fc.record({
    gateway: fc.nat(1),
    caller: fc.constantFrom("ann" as const, "bob" as const),
    count: fc.integer({ min: 1, max: 6 }),
    thenMs: fc.constantFrom(0, 5, 30, 250),
  }),
  { maxLength: 8 },
);
type Bursts = typeof bursts extends fc.Arbitrary<infer T> ? T : never;

async function callIn({ fleet, time }: World, all: Bursts): Promise<void> {
  for (const { gateway, caller, count, thenMs } of all) {
    for (let n = 0; n < count; n += 1) fleet.call(fleet.gateways[gateway]!, callers[caller], costs.chat);
    await time.pass(thenMs);
  }
}

test("a database that is restored again and again: gateways tell what their leases had, so every call on them is charged once and nothing burns", async () => {
  const rounds = fc.array(fc.record({ kept: bursts, lost: bursts, after: bursts }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(rounds, async (all) => {
      const world = await newWorld();
      const { time, tables, quota, fleet } = world;
      for (const { kept, lost, after } of all) {
        await callIn(world, kept);
        const backup = copyTables(tables);
        await callIn(world, lost);
        await time.pass(restoreMs);
        restoreTables(tables, backup);
        await callIn(world, after);
        await callAround(world);
        await time.pass(recoveryMs);
      }
      const taken = fleet.calls.flatMap(({ charges }) => charges.map(({ leaseId, seq }) => `${leaseId}:${seq}:charge`));
      expect([...tables.ledger.keys()].toSorted()).toEqual(taken.toSorted());
      const records = fleet.calls.map(({ charges }) => usageOf(charges[0]!.owner, charges));
      expect(await quota.recordUsage(records)).toEqual([]);
      expect([...tables.leases.values()].filter(({ burned }) => burned > 0)).toEqual([]);
      for (const { owner, meter, escrow } of tables.buckets.values()) {
        const own = [...tables.leases.values()].filter((lease) => lease.owner === owner && lease.meter === meter);
        expect(own.reduce((sum, lease) => sum + escrowOf(lease), 0)).toBe(escrow);
      }
    }),
    { numRuns: 60 },
  );
});

test("a database clock that is a day ahead for some seconds: calls go on meanwhile and afterwards, and no day is oversold", async () => {
  const world = await newWorld();
  const { time, tables } = world;
  expect(await callAround(world)).toBe(4 * perRound);
  world.aheadMs = dayMs;
  await callAround(world);
  await time.pass(recoveryMs);
  expect(await callAround(world)).toBe(4 * perRound);
  world.aheadMs = 0;
  await callAround(world);
  await time.pass(recoveryMs);
  for (let round = 0; round < 3; round += 1) expect(await callAround(world)).toBe(4 * perRound);
  expect(new Set([...tables.buckets.values()].map(({ day }) => day))).toEqual(new Set(["2026-11-22", "2026-11-23"]));
});

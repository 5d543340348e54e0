import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { CallCost } from "@topdog/gateway/usecases/admit-call";
import { type Fleet, createFleet, type SimulatedGateway } from "./fleet.ts";
import { assertAllReported, assertAlways, assertAtTheEnd, newWatch, type Watch } from "./guarantees.ts";
import { fleetSize, type History, type Step } from "./history.ts";
import type { Fate } from "./network.ts";
import type { QuotaUnderTest } from "./quota-under-test.ts";
import { createSimulatedTime, type SimulatedTime } from "./simulated-time.ts";
import { usageOf } from "./usage.ts";

export type OpenQuota = (
  nowMs: () => number,
  recall: (signal: QuotaRecalled) => void,
) => QuotaUnderTest | Promise<QuotaUnderTest>;

interface World {
  readonly time: SimulatedTime;
  readonly quota: QuotaUnderTest;
  readonly fleet: Fleet;
  readonly watch: Watch;
  fates: Fate[];
  signalsLost: boolean;
}

const midnightMs = Date.parse("2026-11-23T00:00:00.000Z");
const sweepMs = 1_000;
const closeMs = 3_000;
const dayMs = 86_400_000;
/** What the last gateway needs at most to take a whole day's tokens. */
const lastGatewayMs = 120_000;
export const costs: Readonly<Record<"chat" | "models", CallCost>> = {
  chat: ["api_calls", "llm_requests"],
  models: ["api_calls"],
};
const shared = { byok: { scope: "user", used: 0, capacity: 0 } } as const;
export const callers: Readonly<Record<"ann" | "bob", Principal>> = {
  ann: {
    ...shared,
    keyId: "key_1",
    userId: "ann",
    orgId: null,
    role: null,
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: "user:ann", org: null },
  },
  bob: {
    ...shared,
    keyId: "key_2",
    userId: "bob",
    orgId: "acme",
    role: "member",
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: "seat:acme:bob", org: "org:acme" },
  },
};
const subscribers = { ann: "user:ann", bob: "org:acme" } as const;

async function newWorld(open: OpenQuota, beforeMidnightMs: number): Promise<World> {
  const time = createSimulatedTime(midnightMs - beforeMidnightMs);
  const quota = await open(time.nowMs, (signal) => world.fleet.deliver(signal));
  const fleet = createFleet({
    time,
    quota: () => quota,
    size: fleetSize,
    nextFate: () => world.fates.shift() ?? "answered",
    isSignalLost: () => world.signalsLost,
  });
  const world: World = { time, quota, fleet, watch: newWatch(), fates: [], signalsLost: false };
  const sweep = async (): Promise<void> => {
    await quota.closeAbandoned();
    time.after(sweepMs, sweep);
  };
  time.after(sweepMs, sweep);
  return world;
}

async function tellUsage({ quota, fleet }: World, pick: number, count: number, refund: boolean): Promise<void> {
  if (fleet.calls.length === 0) return;
  const told = Array.from({ length: count }, (_, n) => fleet.calls[(pick + n * 7) % fleet.calls.length]?.charges ?? []);
  const rejected = await quota.recordUsage(
    told.flatMap((charges) => (charges[0] === undefined ? [] : usageOf(charges[0].owner, charges, refund))),
  );
  if (rejected.length > 0) throw new Error(`everyUsageIsTaken: ${rejected[0]}`);
}

/** Lets time pass until a gateway has ended its leases, and takes it out. */
async function stop(world: World, gateway: SimulatedGateway): Promise<void> {
  const closing = gateway.leases.sync.closeAll(closeMs);
  await world.time.pass(closeMs + 50);
  await closing;
  gateway.isAlive = false;
}

async function take(world: World, step: Step): Promise<void> {
  const { time, quota, fleet } = world;
  const gateway = "gateway" in step ? fleet.gateways[step.gateway] : undefined;
  switch (step.kind) {
    case "calls":
      if (gateway === undefined) return;
      for (let n = 0; n < step.count; n += 1) fleet.call(gateway, callers[step.caller], costs[step.cost]);
      return time.pass(0);
    case "time passes":
      return time.pass(step.ms);
    case "network":
      world.fates = [...step.fates];
      world.signalsLost = step.signalsLost;
      return;
    case "usage":
      return tellUsage(world, step.pick, step.count, step.refund);
    case "crash":
      return fleet.replace(step.gateway);
    case "cut off":
      if (gateway !== undefined) gateway.cutOffUntilMs = time.nowMs() + step.ms;
      return;
    case "reconnect":
      return gateway?.leases.sync.resyncAll();
    case "stop":
      if (gateway !== undefined) await stop(world, gateway);
      return fleet.replace(step.gateway);
    case "plan":
      return quota.setPlan(subscribers[step.caller], step.plan, step.plan === "teams" ? 3 : 1);
    case "open rows are given up":
      return quota.markUnknown();
  }
}

async function assertNow({ quota, fleet, watch }: World): Promise<void> {
  assertAlways({ fleet, watch, state: await quota.state() });
}

/** The network works again: every gateway ends its leases, those of dead ones are closed, every call is reported. */
async function drain(world: World): Promise<void> {
  world.fates = [];
  world.signalsLost = false;
  for (const gateway of world.fleet.gateways) gateway.cutOffUntilMs = Number.NEGATIVE_INFINITY;
  await world.time.pass(5_000);
  const living = new Set(world.fleet.gateways.map(({ id }) => id));
  // No further call and no end of a lease is needed for it.
  assertAllReported({ fleet: world.fleet, state: await world.quota.state() }, living);
  for (const gateway of world.fleet.gateways) await stop(world, gateway);
  await world.time.pass(15_000);
  for (let told = 0; told < world.fleet.calls.length; told += 1) await tellUsage(world, told, 1, false);
}

/** After the drain every token that no vanished gateway may have used can still be had: a new gateway gets them all. */
async function assertNothingIsLost(world: World): Promise<void> {
  const { fleet, quota, time } = world;
  // A midnight during this would begin another day's tokens.
  const leftMs = dayMs - (time.nowMs() % dayMs);
  if (leftMs < lastGatewayMs) await time.pass(leftMs);
  fleet.replace(0);
  const last = fleet.gateways[0];
  if (last === undefined) throw new Error("there is no gateway");
  const exhausted = (): number => fleet.outcomes.get("exhausted") ?? 0;
  for (const caller of Object.values(callers)) {
    const before = exhausted();
    for (let round = 0; exhausted() === before; round += 1) {
      if (round > 5_000) throw new Error(`nothingIsLost: ${caller.userId} never hears that the day is spent`);
      for (let n = 0; n < 20; n += 1) fleet.call(last, caller, costs.models);
      await time.pass(10);
    }
  }
  await stop(world, last);
  const { buckets } = await quota.state();
  const today = new Date(time.nowMs()).toISOString().slice(0, 10);
  for (const { owner, meter, day, limit, settled, escrow } of buckets) {
    if (meter !== "api_calls" || day !== today) continue;
    if (settled + escrow < limit) throw new Error(`nothingIsLost: ${owner}: ${settled} + ${escrow} of ${limit}`);
  }
}

/** Plays a history on a fleet of real gateways and a real quota, and throws when a guarantee is broken. Returns how calls ended. */
export async function play(open: OpenQuota, { beforeMidnightMs, steps }: History): Promise<Fleet["outcomes"]> {
  const world = await newWorld(open, beforeMidnightMs);
  for (const step of steps) {
    await take(world, step);
    await assertNow(world);
  }
  await drain(world);
  const { quota, fleet, watch } = world;
  assertAtTheEnd({ fleet, watch, state: await quota.state() });
  await assertNothingIsLost(world);
  for (const gateway of fleet.gateways) gateway.isAlive = false;
  return fleet.outcomes;
}

import type { SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { copyTables } from "../support/memory-tables.ts";
import type { Replica } from "./replica.ts";
import type { SimulatedGateway } from "./gateway.ts";
import { callerNames, type History, type Place, type Step, type SubscriptionOwner } from "./history.ts";
import { calm } from "./bus.ts";
import type { CallEnd } from "./gateway.ts";
import { callAt, createWorld, type Stage, type World } from "./world.ts";

export interface Played {
  /** The guarantee that did not hold, and how; null: all held. */
  readonly failure: string | null;
  /** How calls ended, counted. */
  readonly ends: ReadonlyMap<CallEnd | "admitted", number>;
}

const closeMs = 3_000;
const retryMs = 500;
/** Until billing's plans are compared with those of a restored quota. */
const reconcileMs = 2_000;
/** Longer than any call, and until the leases of gateways that died are closed. */
const calmMs = 13_500;
/** Until late records have come. */
const settleMs = 10_500;
const refusals = ["unavailable", "no permit", "over"] as const;

function setPlan(world: World, owner: SubscriptionOwner, plan: "free" | "pro" | "teams", seats: number): void {
  const version = world.subscriptions.length + 1;
  world.permitWatch.planned(owner, plan, seats);
  const changedAt = new Date(world.time.nowMs()).toISOString();
  const subscription = { owner, version, plan, interval: "month", seats, status: "active", changedAt } as const;
  world.subscriptions.push(subscription);
  announce(world, subscription);
}

/** What billing published arrives at least once. */
function announce(world: World, subscription: SubscriptionUpdated): void {
  const deliver = (): void => {
    const heard = world.replicas.filter(({ process }) => world.bus.isConnected(process));
    const replica = heard[world.random.upTo(Math.max(0, heard.length - 1))];
    if (replica === undefined) return void world.time.after(retryMs, deliver);
    const again = (): void => void world.time.after(retryMs, deliver);
    replica.process.receive(() => {
      world.time.stir();
      void replica.applySubscription(subscription).catch(again);
    }, again);
  };
  world.time.after(1, deliver);
  if (world.random.percent(20)) world.time.after(retryMs, deliver);
}

function processAt(world: World, { of, index }: Place): SimulatedGateway | Replica | undefined {
  return of === "gateway" ? world.gateways[index] : world.replicas[index];
}

function putNew(world: World, { of, index }: Place): void {
  if (of === "gateway") world.gateways[index] = world.newGateway();
  else world.replicas[index] = world.newReplica();
}

function kill(world: World, place: Place): void {
  const one = processAt(world, place);
  if (one === undefined) return;
  one.process.die();
  world.permitWatch.died(one.process);
  world.forgotten.died(one.process);
  putNew(world, place);
}

/** The process ends as at a deploy: a gateway gives back what it holds; a replica of quota ends what it has in hand. */
async function replace(world: World, place: Place): Promise<void> {
  const one = processAt(world, place);
  if (one === undefined) return;
  if ("leases" in one) beginStop(world, one);
  await world.time.pass("leases" in one ? closeMs + 100 : 10);
  kill(world, place);
}

function beginStop({ time }: World, { process, leases, permits }: SimulatedGateway): void {
  process.receive(() => {
    for (const part of [leases.sync.closeAll(closeMs), permits.stop(closeMs)])
      void time.expect(Promise.race([part, process.died]));
  });
}

/** The bus is back for these processes, unless it is away again. */
function whenBack(world: World, ms: number, processes: readonly (SimulatedGateway | Replica)[]): void {
  world.time.after(ms, () => {
    for (const one of processes) {
      if (!world.bus.isConnected(one.process)) continue;
      one.process.receive(() => ("leases" in one ? one.leases.sync.resyncAll() : one.reconnected()));
    }
  });
}

/** Notes when no replica can be reached, for as long as that is known. */
function noteUnserved({ time, replicas, permitWatch }: World): void {
  const untilMs = Math.min(
    ...replicas.map(({ process }) => Math.max(process.pausedUntilMs, process.cutUntilMs, time.nowMs())),
  );
  permitWatch.nobodyServed(time.nowMs(), untilMs);
}

function beDown({ time, database, permitWatch }: World, ms: number): void {
  database.awayUntilMs = Math.max(database.awayUntilMs, time.nowMs() + ms);
  permitWatch.nobodyServed(time.nowMs(), database.awayUntilMs);
}

/** The server is down for so long, and then as it was at the newest backup. What others compare with it they tell it again. */
async function restore(world: World, ms: number): Promise<void> {
  const { opened, forgotten, watch, permitWatch, gateways, subscriptions, time } = world;
  beDown(world, ms);
  await opened.refresh();
  const before = copyTables(opened.tables);
  await world.restore();
  await opened.refresh();
  world.wasRestored = world.mayRejectUsage = true;
  forgotten.restored(before, gateways);
  watch.restored();
  permitWatch.restored(opened.tables.permits);
  time.after(ms + reconcileMs, () => {
    for (const subscription of subscriptions) announce(world, subscription);
  });
}

async function take(world: World, step: Step): Promise<void> {
  const { time, bus, database, permitWatch } = world;
  const nowMs = time.nowMs();
  switch (step.kind) {
    case "calls": {
      const gateway = world.gateways[step.gateway];
      if (gateway !== undefined) callAt(world, gateway, step);
      return time.pass(0);
    }
    case "time passes":
      return time.pass(step.ms);
    case "weather":
      bus.weather = step.weather;
      return;
    case "cut off": {
      const one = processAt(world, step.place);
      if (one === undefined) return;
      one.process.cutUntilMs = Math.max(one.process.cutUntilMs, nowMs + step.ms);
      whenBack(world, step.ms, [one]);
      return noteUnserved(world);
    }
    case "stands still": {
      const one = processAt(world, step.place);
      if (one !== undefined) one.process.pausedUntilMs = Math.max(one.process.pausedUntilMs, nowMs + step.ms);
      return noteUnserved(world);
    }
    case "dies":
      return kill(world, step.place);
    case "is replaced":
      return replace(world, step.place);
    case "the bus is away":
      bus.awayUntilMs = Math.max(bus.awayUntilMs, nowMs + step.ms);
      permitWatch.nobodyServed(nowMs, bus.awayUntilMs);
      return whenBack(world, step.ms, [...world.gateways, ...world.replicas]);
    case "the database is away":
      return beDown(world, step.ms);
    case "a backup is made":
      world.restore = await world.opened.backUp();
      return;
    case "the database is restored":
      return restore(world, step.ms);
    case "commits are not heard of":
      database.silentCommits = step.percent;
      return;
    case "the database's clock is moved":
      database.aheadMs = step.aheadMs;
      return;
    case "plan":
      return setPlan(world, step.owner, step.plan as "free" | "pro" | "teams", step.seats);
  }
}

async function look(world: World): Promise<void> {
  world.watch.looked(world.gateways);
  const violations = await world.opened.refresh();
  if (violations.length > 0) world.broken ??= `noInvariantIsBroken: ${JSON.stringify(violations[0])}`;
  if (!world.opened.isLive) world.watch.committed(new Set(world.opened.tables.buckets.keys()));
}

/** Everything works again; time passes until what stood still goes on. */
async function calmDown(world: World): Promise<void> {
  const { time, bus, database } = world;
  bus.weather = calm;
  database.silentCommits = 0;
  database.aheadMs = 0;
  const processes = [...world.gateways, ...world.replicas].map(({ process }) => process);
  const waits = processes.flatMap(({ pausedUntilMs, cutUntilMs }) => [pausedUntilMs, cutUntilMs]);
  const backMs = Math.max(bus.awayUntilMs, database.awayUntilMs, ...waits);
  await time.pass(Math.max(0, backMs - time.nowMs()) + calmMs);
}

/** Every gateway serves every caller again, or says that their day is spent. */
async function assertAllServe(world: World): Promise<void> {
  for (const gateway of world.gateways) {
    const before = new Map(world.ends);
    for (const caller of callerNames)
      callAt(world, gateway, { caller, clients: 1, count: 1, isChat: false, lastsMs: 0 });
    await world.time.pass(400);
    const refusal = refusals.find((end) => (world.ends.get(end) ?? 0) > (before.get(end) ?? 0));
    if (refusal !== undefined) world.broken ??= `everyGatewayServesAgain: "${refusal}" at ${gateway.process.id}`;
  }
}

/** Every call is in the ledger exactly once, and nothing else is; what is in escrow is what vanished gateways may have used. */
function assertAtTheEnd(world: World, living: ReadonlySet<string>): string | null {
  const { tables } = world.opened;
  const { watch, calls, forgotten } = world;
  for (const { gateway, charges } of calls) {
    const ids = charges.map(({ leaseId, seq }) => `${leaseId}:${seq}`);
    // The record of a call is taken as a whole.
    const isLost = ids.some((id) => forgotten.mayLack(id));
    for (const id of ids) {
      const row = tables.ledger.get(`${id}:charge`);
      if (row === undefined && !forgotten.mayLack(id))
        return `everyAdmittedSeqIsInTheLedger: ${id} of ${gateway.process.id} is not there`;
      if (row !== undefined && row.state !== "completed" && !isLost) return `everyUsageIsTaken: ${id} is ${row.state}`;
    }
  }
  for (const row of tables.ledger.values()) {
    const id = `${row.leaseId}:${row.seq}`;
    if (!watch.charges.has(id)) return `onlyAdmittedSeqsAreInTheLedger: ${id} was never admitted`;
  }
  for (const lease of tables.leases.values()) {
    if (lease.state === "open") return `everyLeaseEnds: lease ${lease.leaseId} of ${lease.gatewayId} is open`;
    if (lease.burned > lease.window) return `onlyTheWindowBurns: lease ${lease.leaseId} burned ${lease.burned}`;
  }
  for (const [owner, held] of tables.permits) {
    for (const [gatewayId, permit] of held) {
      if (permit.held > 0 && living.has(gatewayId))
        return `permitsComeBack: ${gatewayId} holds ${permit.held} of ${owner}`;
    }
  }
  return null;
}

async function drain(world: World): Promise<void> {
  const { time, usage, calls, opened } = world;
  world.clientsLeft = true;
  await calmDown(world);
  world.clientsLeft = false;
  await look(world);
  // A live gateway reports every call by itself: no further call, no end of a lease and no usage record is needed for it.
  const unreported = calls
    .filter(({ gateway }) => gateway.process.isAlive)
    .flatMap(({ charges }) => charges)
    .map(({ leaseId, seq }) => `${leaseId}:${seq}`)
    .find((id) => !opened.tables.ledger.has(`${id}:charge`) && !world.forgotten.mayLack(id));
  if (unreported !== undefined) world.broken ??= `liveGatewayReports: ${unreported} was never reported`;
  world.watch.calmed(world.gateways);
  world.mayRejectUsage = false;
  usage.release();
  if (world.wasRestored) usage.sendAgain();
  await assertAllServe(world);
  const living = new Set(world.gateways.map(({ process }) => process.id));
  for (const gateway of world.gateways) beginStop(world, gateway);
  await time.pass(closeMs + 100);
  for (const gateway of world.gateways) gateway.process.die();
  await time.pass(settleMs);
  for (let waited = 0; usage.waiting() > 0; waited += 1) {
    if (waited > 60) {
      world.broken ??= "everyUsageIsTaken: records are still waiting after a minute of calm";
      break;
    }
    await time.pass(1_000);
  }
  await look(world);
  world.broken ??= assertAtTheEnd(world, living);
}

/** Until the plan is in force. */
const planMs = 50;
const drawMs = 5_000;

async function drawBefore(world: World, count: number): Promise<void> {
  const [gateway] = world.gateways;
  if (gateway === undefined) return;
  await world.time.pass(planMs);
  callAt(world, gateway, { caller: "bot", clients: 1, count, isChat: false, lastsMs: 0 });
  await world.time.pass(drawMs);
}

/** Plays a history on real gateways and real replicas of quota. The same history always ends the same way. */
export async function play(stage: Stage, history: History): Promise<Played> {
  const world = await createWorld(stage, history);
  if (history.isSubscribed) setPlan(world, "org:acme", "teams", history.drawnBefore === null ? 3 : 1);
  if (history.drawnBefore !== null) await drawBefore(world, history.drawnBefore);
  for (const step of history.steps) {
    await take(world, step);
    await look(world);
    if (world.broken !== null) break;
  }
  if (world.broken === null) await drain(world);
  for (const { process } of [...world.gateways, ...world.replicas]) process.die();
  return { failure: world.broken, ends: world.ends };
}

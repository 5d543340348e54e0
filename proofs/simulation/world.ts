import type { SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { QuotaMetrics } from "@topdog/quota/metrics";
import { type DrawFirstId, mostFirstId } from "@topdog/quota/store/leases";
import type { Logger } from "@topdog/telemetry/logger";
import type { OnCommit } from "../support/memory-store.ts";
import type { MemoryTables } from "../support/memory-tables.ts";
import { createSimulatedTime, type SimulatedTime } from "../support/simulated-time.ts";
import { usageOf } from "../support/usage.ts";
import { type Bus, createBus } from "./bus.ts";
import { callers, costs } from "./callers.ts";
import { createSimulatedDatabase, type SimulatedDatabase, type Stores } from "./database.ts";
import { createForgotten, type Forgotten } from "./forgotten.ts";
import {
  type AdmittedCall,
  type CallEnd,
  type CallWatch,
  createGateway,
  serveCall,
  type SimulatedGateway,
} from "./gateway.ts";
import type { CallerName, History, Place } from "./history.ts";
import { createPermitWatch, type PermitWatch } from "./permit-watch.ts";
import { createProcess, DeathError, type Process } from "./process.ts";
import { createRandom, type Random } from "./random.ts";
import { createReplica, type Replica } from "./replica.ts";
import { createUsageStream, type UsageStream } from "./usage-stream.ts";
import { createWatch, type Watch } from "./watch.ts";

/** Puts the tables back to what they were at a backup, on a server that was started just now. */
export type Restore = () => Promise<void>;

/** quota's tables, wherever they are. */
export interface OpenedTables {
  readonly tables: MemoryTables;
  /** The stores of one process of quota. */
  readonly connect: () => Stores;
  readonly backUp: () => Promise<Restore>;
  /** `tables` show each commit at once, and `onCommit` is called. Otherwise `refresh` reads them. */
  readonly isLive: boolean;
  /** Returns what the database itself finds broken. */
  readonly refresh: () => Promise<readonly unknown[]>;
}

/** What histories share: it costs more than a history does. */
export interface Stage {
  readonly open: (nowMs: () => number, onCommit: OnCommit, draw: DrawFirstId) => OpenedTables | Promise<OpenedTables>;
  /** A database that is not simulated is at work. */
  readonly isBusy: () => boolean;
  readonly metrics: QuotaMetrics;
  readonly logger: Logger;
  /** Hears every answer of quota. */
  readonly onAnswer?: (answer: unknown) => void;
}

export interface World {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly bus: Bus;
  readonly database: SimulatedDatabase;
  readonly opened: OpenedTables;
  readonly gateways: SimulatedGateway[];
  readonly replicas: Replica[];
  readonly usage: UsageStream;
  readonly watch: Watch;
  readonly forgotten: Forgotten;
  /** All that billing published. */
  readonly subscriptions: SubscriptionUpdated[];
  wasRestored: boolean;
  /** Of the newest backup. */
  restore: Restore;
  readonly permitWatch: PermitWatch;
  readonly calls: AdmittedCall[];
  /** How calls ended, counted. */
  readonly ends: Map<CallEnd | "admitted", number>;
  readonly bear: (of: Place["of"]) => Process;
  readonly newGateway: () => SimulatedGateway;
  readonly newReplica: () => Replica;
  /** Clients make no further call. */
  clientsLeft: boolean;
  /** A restored database may not know yet what gateways will tell it. Routers send all again when all is calm. */
  mayRejectUsage: boolean;
  /** The first guarantee that did not hold. */
  broken: string | null;
}

const midnightMs = Date.parse("2026-11-23T00:00:00.000Z");
/** Of a gateway: more than the callers have, or in every fifth history fewer, so that leases end because others need their place. */
const roomOf = (seed: number): number => (seed % 5 === 0 ? 10 : 100);
/** How far a machine's clock may be off, in thousandths. */
const mostOffPace = 10;

export async function createWorld(
  stage: Stage,
  { seed, beforeMidnightMs, gateways, replicas, isUsageHeld }: History,
): Promise<World> {
  const random = createRandom(seed ^ 0x5eed);
  const time = createSimulatedTime(midnightMs - beforeMidnightMs, stage.isBusy);
  const broken = (guarantee: string, problem: string): void => {
    world.broken ??= `${guarantee}: ${problem}`;
  };
  let mostAheadMs = 0;
  const databaseMs = (): number => {
    mostAheadMs = Math.max(mostAheadMs, database.aheadMs);
    return Math.floor(time.nowMs() + database.aheadMs);
  };
  const clocks = { databaseMs, latestMs: () => time.nowMs() + mostAheadMs };
  const ids = createRandom(seed ^ 0x1d);
  const opened = await stage.open(
    databaseMs,
    (keys) => watch.committed(keys),
    () => 1 + ids.upTo(mostFirstId - 1),
  );
  const database = createSimulatedDatabase(time, random, opened.connect);
  const forgotten = createForgotten(opened.tables, opened.isLive);
  const watch = createWatch({ ...opened, clocks, forgotten, broken });
  const permitWatch = createPermitWatch(time.nowMs, forgotten.hasHeard, broken);
  const bus = createBus(time, random);
  bus.onAnswered = permitWatch.answered;
  const onRejected = ({ charges }: UsageConsumed, reason: string): void => {
    const isLost = charges.some(({ leaseId, seq }) => forgotten.mayLack(`${leaseId}:${seq}`));
    if (!isLost && !world.mayRejectUsage) broken("everyUsageIsTaken", reason);
  };
  const born = { gateway: 0, quota: 0 };
  const world: World = {
    time,
    random,
    bus,
    database,
    opened,
    gateways: [],
    replicas: [],
    watch,
    forgotten,
    subscriptions: [],
    wasRestored: false,
    restore: await opened.backUp(),
    permitWatch,
    usage: createUsageStream({ isHeld: isUsageHeld, time, random, bus, replicas: () => world.replicas, onRejected }),
    calls: [],
    ends: new Map(),
    bear: (of) => {
      const pace = 1 + (random.upTo(2 * mostOffPace) - mostOffPace) / 1_000;
      return createProcess(time, `${of}-${(born[of] += 1)}`, pace);
    },
    newGateway: () =>
      createGateway({
        process: world.bear("gateway"),
        bus,
        replicas: () => world.replicas,
        maxBuckets: roomOf(seed),
        onAnswer: ({ gateway, reports, reply: { history, day } }) => {
          if (history === opened.tables.server.started) forgotten.heard(gateway);
          for (const report of reports) forgotten.told(report, day ?? "");
        },
      }),
    newReplica: () =>
      createReplica({
        process: world.bear("quota"),
        time,
        bus,
        database,
        gateways: () => world.gateways,
        metrics: stage.metrics,
        logger: stage.logger,
        onAnswer: stage.onAnswer,
      }),
    clientsLeft: false,
    mayRejectUsage: false,
    broken: null,
  };
  world.replicas.push(...Array.from({ length: replicas }, world.newReplica));
  world.gateways.push(...Array.from({ length: gateways }, world.newGateway));
  return world;
}

export interface Burst {
  readonly caller: CallerName;
  readonly clients: number;
  /** Of each client. */
  readonly count: number;
  readonly isChat: boolean;
  readonly lastsMs: number;
}

/** Then a client gives up. */
const mostRefused = 3;
const goneShare = 5;
const refundShare = 10;
const lateShare = 10;
/** Longer than quota waits for it. */
const lateMs = 9_000;

/**
 * Clients call a gateway, each one call after the other, until they have made their calls or their gateway dies. Each call that is
 * admitted is told of by its router, sooner or later.
 */
export function callAt(
  world: World,
  gateway: SimulatedGateway,
  { caller, clients, count, isChat, lastsMs }: Burst,
): void {
  const { time, random, ends } = world;
  const { process } = gateway;
  const callWatch = watchCalls(world, lastsMs);
  const wish = { caller: callers[caller], cost: isChat ? costs.chat : costs.models, lastsMs };
  const client = async (): Promise<void> => {
    for (let n = 0, refused = 0; n < count && refused < mostRefused && !world.clientsLeft; n += 1) {
      const goesAfterMs = random.percent(goneShare) ? random.upTo(40) : null;
      const end = await serveCall(time, gateway, { ...wish, goesAfterMs }, callWatch);
      ends.set(end, (ends.get(end) ?? 0) + 1);
      refused = end === "admitted" || end === "client_gone" ? 0 : refused + 1;
    }
  };
  // A client's calls end with its gateway; any other error is one of an assertion of the code itself.
  const noteBug = (error: unknown): void => {
    if (!(error instanceof DeathError)) world.broken ??= `noAssertionFails: ${String(error)}`;
  };
  process.receive(() => {
    for (let n = 0; n < clients; n += 1) client().catch(noteBug);
  });
}

function watchCalls({ time, random, calls, watch, permitWatch, usage }: World, lastsMs: number): CallWatch {
  return {
    onPermit: permitWatch.began,
    onPermitGiven: permitWatch.ended,
    onAdmitted: (call) => {
      calls.push(call);
      watch.admitted(call);
      const refund = random.percent(refundShare);
      const owner = call.charges[0]?.owner ?? "";
      const toldMs = lastsMs + (random.percent(lateShare) ? lateMs : random.upTo(600));
      time.after(toldMs, () => usage.publish({ ...usageOf(owner, call.charges, refund), day: call.day }));
    },
  };
}

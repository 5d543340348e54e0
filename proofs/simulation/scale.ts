import type { Principal } from "@topdog/contracts/rpc/resolve-principal";
import type { PermitStore } from "@topdog/quota/store/permits";
import type { QuotaStore } from "@topdog/quota/store/quota-store";
import { createMemoryPermits } from "../support/memory-permits.ts";
import { openMemoryDatabase } from "../support/memory-store.ts";
import { emptyTables } from "../support/memory-tables.ts";
import { createSimulatedTime } from "../support/simulated-time.ts";
import { usageOf } from "../support/usage.ts";
import { createBus } from "./bus.ts";
import { costs } from "./callers.ts";
import { createSimulatedDatabase, type Stores } from "./database.ts";
import { createGateway, serveCall, type SimulatedGateway } from "./gateway.ts";
import { createProcess } from "./process.ts";
import { createRandom } from "./random.ts";
import { createReplica, type Replica } from "./replica.ts";
import type { Stage } from "./world.ts";

export interface Scale {
  readonly name: string;
  readonly gateways: number;
  readonly callers: number;
  readonly seconds: number;
  /** From one call of a caller to the next, on average. */
  readonly secondsBetweenCalls: number;
  /** A caller's calls go to one gateway, or to any. */
  readonly routing: "sticky" | "any";
}

/** What quota's engines did, counted. */
export interface Work {
  calls: number;
  admitted: number;
  /** Messages about leases, and about concurrent requests; a heartbeat is neither. */
  reports: number;
  asks: number;
  transactions: number;
  ledgerRows: number;
  bucketRows: number;
  leaseRows: number;
  newLeases: number;
  permitRows: number;
  locks: number;
  lockWaits: number;
}

/** How long a transaction is assumed to have its rows locked: not measured. */
const lockedMs = 3;
const noonMs = Date.parse("2026-11-22T12:00:00.000Z");
const maxBuckets = 10_000;
const replicaCount = 3;
const callMs = 2_000;
const seed = 20_261_126;

const callerOf = (n: number): Principal => ({
  keyId: `key_${n}`,
  userId: `u${n}`,
  orgId: null,
  role: null,
  scopes: ["llm"],
  restrictions: null,
  byok: { scope: "user", used: 0, capacity: 0 },
  buckets: { personal: `user:u${n}`, org: null },
});

/** The stores, with what they are asked to write counted, and which of their locks another transaction has at that moment. */
function counted({ store, permits }: Stores, work: Work, nowMs: () => number): Stores {
  const lockedUntilMs = new Map<string, number>();
  const lock = (keys: Iterable<string>): void => {
    for (const key of keys) {
      work.locks += 1;
      const freeMs = lockedUntilMs.get(key) ?? 0;
      if (freeMs > nowMs()) work.lockWaits += 1;
      lockedUntilMs.set(key, Math.max(freeMs, nowMs()) + lockedMs);
    }
  };
  const rowsIn = (inserted: ReadonlyMap<string, number>): number => [...inserted.values()].reduce((a, b) => a + b, 0);
  const quotaStore: QuotaStore = {
    ...store,
    completeCharges: async (entries) => {
      const filled = await store.completeCharges(entries);
      work.transactions += 1;
      work.ledgerRows += filled.size;
      return filled;
    },
    transaction: (run) => {
      work.transactions += 1;
      return store.transaction((tx) =>
        run({
          ...tx,
          lockBuckets: async (counters, leaseIds) => {
            const locked = await tx.lockBuckets(counters, leaseIds);
            lock(locked.buckets.map(({ owner, meter, day }) => `${day} ${owner} ${meter}`));
            return locked;
          },
          insertAdmitted: async (ranges) => {
            const inserted = await tx.insertAdmitted(ranges);
            work.ledgerRows += rowsIn(inserted);
            return inserted;
          },
          insertBuckets: async (buckets) => {
            work.bucketRows += buckets.length;
            return tx.insertBuckets(buckets);
          },
          applyMovements: async (movements) => {
            work.bucketRows += movements.buckets.length;
            work.leaseRows += movements.leases.length + movements.newLeases.length;
            work.newLeases += movements.newLeases.length;
            return tx.applyMovements(movements);
          },
        }),
      );
    },
  };
  const permitStore: PermitStore = {
    transaction: (run) => {
      work.transactions += 1;
      return permits.transaction((tx) =>
        run({
          lock: async (gatewayId, owners, silentMs) => {
            lock(owners.map((owner) => `permits ${owner}`));
            return tx.lock(gatewayId, owners, silentMs);
          },
          write: async (gatewayId, version, held) => {
            work.permitRows += held.length;
            return tx.write(gatewayId, version, held);
          },
        }),
      );
    },
  };
  return { store: quotaStore, permits: permitStore };
}

/** Plays a fleet at rest: no faults, callers of the plan Pro, each call one API call and one LLM request. The first minute is not counted. */
export async function playAtScale(stage: Pick<Stage, "metrics" | "logger">, scale: Scale): Promise<Work> {
  const none = {
    calls: 0,
    admitted: 0,
    reports: 0,
    asks: 0,
    transactions: 0,
    ledgerRows: 0,
    bucketRows: 0,
    leaseRows: 0,
  };
  const work: Work = { ...none, newLeases: 0, permitRows: 0, locks: 0, lockWaits: 0 };
  const random = createRandom(seed);
  const time = createSimulatedTime(noonMs);
  const tables = emptyTables();
  const stores = { store: openMemoryDatabase(tables, time.nowMs)(), permits: createMemoryPermits(tables, time.nowMs) };
  const database = createSimulatedDatabase(time, random, () => counted(stores, work, time.nowMs));
  const bus = createBus(time, random);
  const replicas: Replica[] = [];
  const gateways: SimulatedGateway[] = [];
  for (let n = 0; n < replicaCount; n += 1) {
    const process = createProcess(time, `quota-${n}`, 1);
    const replica = createReplica({
      ...stage,
      process,
      time,
      bus,
      database,
      gateways: () => gateways,
      onAnswer: undefined,
    });
    replicas.push({
      ...replica,
      sync: (request) => {
        if (request.leases.length > 0) work.reports += 1;
        return replica.sync(request);
      },
      permits: (request) => {
        work.asks += 1;
        return replica.permits(request);
      },
    });
  }
  for (let n = 0; n < scale.gateways; n += 1)
    gateways.push(
      createGateway({ process: createProcess(time, `gateway-${n}`, 1), bus, replicas: () => replicas, maxBuckets }),
    );
  const told: ReturnType<typeof usageOf>[] = [];
  const watch = {
    onPermit: () => undefined,
    onPermitGiven: () => undefined,
    onAdmitted: ({ charges }: { charges: readonly { owner: string }[] }) => {
      work.admitted += 1;
      told.push(usageOf(charges[0]?.owner ?? "", charges as never));
    },
  };
  const between = (): number => 2 * random.upTo(scale.secondsBetweenCalls * 1_000);
  for (let n = 0; n < scale.callers; n += 1) {
    const caller = callerOf(n);
    tables.entitlements.set(`user:u${n}`, { owner: `user:u${n}`, plan: "pro", seats: 1, version: 1 });
    const home = random.upTo(scale.gateways - 1);
    const call = (): void => {
      const gateway = gateways[scale.routing === "sticky" ? home : random.upTo(scale.gateways - 1)];
      if (gateway === undefined) throw new Error("there is no gateway");
      work.calls += 1;
      void serveCall(time, gateway, { caller, cost: costs.chat, lastsMs: callMs, goesAfterMs: null }, watch);
      time.after(between(), call);
    };
    time.after(between(), call);
  }
  const ship = (): void => {
    if (told.length > 0) void replicas[0]?.recordUsage(told.splice(0, 500));
    time.stir();
    time.after(500, ship);
  };
  time.after(500, ship);
  await time.pass(60_000);
  for (const name of Object.keys(work) as (keyof Work)[]) work[name] = 0;
  await time.pass(scale.seconds * 1_000);
  for (const { process } of [...replicas, ...gateways]) process.die();
  return work;
}

const scales: readonly Scale[] = [
  {
    name: "each caller at one gateway, a call a second",
    gateways: 4,
    callers: 400,
    seconds: 60,
    secondsBetweenCalls: 1,
    routing: "sticky",
  },
  {
    name: "each caller at one gateway, a call a minute",
    gateways: 4,
    callers: 2_000,
    seconds: 240,
    secondsBetweenCalls: 60,
    routing: "sticky",
  },
  {
    name: "calls at any of 1,000 gateways, a call a second",
    gateways: 1_000,
    callers: 60,
    seconds: 60,
    secondsBetweenCalls: 1,
    routing: "any",
  },
  {
    name: "calls at any of 1,000 gateways, a call a minute",
    gateways: 1_000,
    callers: 1_000,
    seconds: 240,
    secondsBetweenCalls: 60,
    routing: "any",
  },
];

/** A table of what a thousand calls cost. */
export async function tellScale(
  stage: Pick<Stage, "metrics" | "logger">,
  print: (line: string) => void,
): Promise<void> {
  print(
    "| per 1,000 calls | reports | questions about permits | transactions | ledger rows | bucket rows | lease rows, new | permit rows | locks that waited |",
  );
  print("|---|---|---|---|---|---|---|---|---|");
  for (const scale of scales) {
    const work = await playAtScale(stage, scale);
    const per = (count: number): string => ((count * 1_000) / work.calls).toFixed(0);
    const waited = ((100 * work.lockWaits) / Math.max(1, work.locks)).toFixed(2);
    const leases = `${per(work.leaseRows)}, ${per(work.newLeases)}`;
    print(
      `| ${scale.name} (${work.admitted} of ${work.calls} admitted) | ${per(work.reports)} | ${per(work.asks)} | ${per(work.transactions)} | ${per(work.ledgerRows)} | ${per(work.bucketRows)} | ${leases} | ${per(work.permitRows)} | ${waited} % |`,
    );
  }
}

import type { PermitStore } from "@topdog/quota/store/permits";
import type { QuotaStore } from "@topdog/quota/store/quota-store";
import type { SimulatedTime } from "../support/simulated-time.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";

export interface Stores {
  readonly store: QuotaStore;
  readonly permits: PermitStore;
}

/** quota's database as its replicas reach it: after a while, sometimes not, and sometimes without hearing how a commit ended. */
export interface SimulatedDatabase {
  /** Until then every statement fails. */
  awayUntilMs: number;
  /** How far its clock is ahead of the true time, milliseconds. */
  aheadMs: number;
  /** How many commits of a hundred take place and are not heard of. */
  silentCommits: number;
  /** How many transactions were run. */
  readonly ran: { transactions: number };
  /** The stores as one process has them. */
  reach(process: Process): Stores;
}

const statementMs = 1;

/** One for all: the stack of each would cost more than its statement. */
const lost = new Error("Connection terminated unexpectedly");

export function createSimulatedDatabase(time: SimulatedTime, random: Random, connect: () => Stores): SimulatedDatabase {
  const reached = async <T>(process: Process, work: () => Promise<T>, mayBeSilent: boolean): Promise<T> => {
    if (random.percent(50)) await process.sleep(statementMs);
    if (time.nowMs() < database.awayUntilMs) throw lost;
    const result = await work();
    if (!mayBeSilent) return result;
    database.ran.transactions += 1;
    if (random.percent(50)) await process.sleep(statementMs);
    if (random.percent(database.silentCommits)) throw lost;
    return result;
  };
  const database: SimulatedDatabase = {
    awayUntilMs: Number.NEGATIVE_INFINITY,
    aheadMs: 0,
    silentCommits: 0,
    ran: { transactions: 0 },
    reach: (process) => {
      const { store, permits } = connect();
      return {
        store: {
          transaction: (work) => reached(process, () => store.transaction(work), true),
          completeCharges: (entries) => reached(process, () => store.completeCharges(entries), true),
          readClock: () => reached(process, () => store.readClock(), false),
          touchGateway: (gatewayId) => reached(process, () => store.touchGateway(gatewayId), false),
          forgetGateways: () => reached(process, () => store.forgetGateways(), false),
          markUnknown: (deadlineMs, most) => reached(process, () => store.markUnknown(deadlineMs, most), true),
          ensurePartitions: (daysAhead) => reached(process, () => store.ensurePartitions(daysAhead), false),
        },
        permits: { transaction: (work) => reached(process, () => permits.transaction(work), true) },
      };
    },
  };
  return database;
}

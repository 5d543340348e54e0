import type { SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import type { takePermits } from "@topdog/contracts/rpc/take-permits";
import type { QuotaSync } from "@topdog/gateway/clients/quota-sync";
import { closeAbandonedLeasesJob } from "@topdog/quota/jobs/close-abandoned-leases";
import { keepListeningJob } from "@topdog/quota/jobs/keep-listening";
import type { QuotaMetrics } from "@topdog/quota/metrics";
import { applySubscription } from "@topdog/quota/usecases/apply-subscription";
import type { QuotaDeps } from "@topdog/quota/usecases/deps";
import { createPresence } from "@topdog/quota/usecases/gateway-presence";
import { giveUpOpenRows } from "@topdog/quota/usecases/give-up-open-rows";
import { createListening } from "@topdog/quota/usecases/listening";
import { recordUsage } from "@topdog/quota/usecases/record-usage";
import { synchronizeLeases } from "@topdog/quota/usecases/sync-leases";
import { answerPermits } from "@topdog/quota/usecases/take-permits";
import type { Logger } from "@topdog/telemetry/logger";
import type { z } from "zod";
import type { SimulatedTime } from "../support/simulated-time.ts";
import type { Bus } from "./bus.ts";
import type { SimulatedDatabase } from "./database.ts";
import type { SimulatedGateway } from "./gateway.ts";
import type { Process } from "./process.ts";

type PermitRequest = z.infer<typeof takePermits.request>;
type PermitReply = z.infer<typeof takePermits.reply>;

/** One process of quota: its real use cases, jobs and listening. */
export interface Replica {
  readonly process: Process;
  readonly sync: QuotaSync;
  readonly permits: (request: PermitRequest) => Promise<PermitReply>;
  /** Returns the records that can never be taken, and why. */
  readonly recordUsage: (usages: readonly UsageConsumed[]) => Promise<readonly RejectedUsage[]>;
  readonly applySubscription: (subscription: SubscriptionUpdated) => Promise<void>;
  /** The bus is back after it was away. */
  readonly reconnected: () => void;
}

export interface RejectedUsage {
  readonly usage: UsageConsumed;
  readonly reason: string;
}

export interface ReplicaDeps {
  readonly process: Process;
  readonly time: SimulatedTime;
  readonly bus: Bus;
  readonly database: SimulatedDatabase;
  readonly gateways: () => readonly SimulatedGateway[];
  readonly metrics: QuotaMetrics;
  readonly logger: Logger;
  readonly onAnswer: ((answer: unknown) => void) | undefined;
}

const gatewayTimeoutMs = 10_000;
const usageDeadlineMs = 6_000;
const jobIntervalMs = 2_000;
const sweepsPerGiveUp = 5;

export function createReplica(replicaDeps: ReplicaDeps): Replica {
  const { process, time, bus, database, gateways, metrics, logger, onAnswer } = replicaDeps;
  const { store, permits } = database.reach(process);
  const presence = createPresence(store, process.monotonicMs);
  const listening = createListening(process.monotonicMs);
  const deps: QuotaDeps = {
    store,
    presence,
    metrics,
    logger,
    recall: (signal) =>
      bus.signal(process, gateways(), (gateway) => {
        gateway.leases.recall(signal);
        if (signal.reason === "limit_changed") gateway.permits.recheck(signal.owner);
      }),
    usageNews: { used: () => undefined, completed: () => undefined },
  };
  const permitDeps = {
    store: permits,
    presence,
    listening,
    metrics,
    recall: ({ owner, forGateway }: { readonly owner: string; readonly forGateway: string }) =>
      bus.signal(process, gateways(), (gateway) => gateway.permits.recall(owner, forGateway)),
  };
  const sweep = closeAbandonedLeasesJob({
    deps,
    listening,
    gatewayTimeoutMs,
    isBusConnected: () => bus.isConnected(process),
  });
  const never = new AbortController().signal;
  let runs = 0;
  const work = async (): Promise<void> => {
    runs += 1;
    time.stir();
    try {
      await sweep.run(never);
      if (runs % sweepsPerGiveUp === 0) await giveUpOpenRows(deps, usageDeadlineMs);
    } catch {
      // The database is away, or the process died. The next run does what this one did not.
    }
    process.timers.after(jobIntervalMs, () => void work());
  };
  process.timers.after(jobIntervalMs, () => void work());
  const listen = keepListeningJob(store, listening);
  const keepListening = (): void => {
    time.stir();
    listen.run(never).catch(() => undefined);
    process.timers.after(listen.intervalMs, keepListening);
  };
  keepListening();

  return {
    process,
    sync: async (request) => {
      const reply = await synchronizeLeases(deps, request);
      onAnswer?.(reply);
      return reply;
    },
    permits: async (request) => {
      const reply = await answerPermits(permitDeps, request);
      onAnswer?.(reply);
      return reply;
    },
    recordUsage: async (usages) => {
      const { rejected } = await recordUsage(deps, usages, time.nowMs());
      return usages.flatMap((usage, index) => {
        const reason = rejected.get(index)?.message;
        return reason === undefined ? [] : { usage, reason };
      });
    },
    applySubscription: async (subscription) => {
      const touched = await store.transaction((tx) => applySubscription(tx, subscription));
      for (const bucket of touched) deps.recall({ ...bucket, reason: "limit_changed" });
    },
    reconnected: () => listening.interrupted(),
  };
}

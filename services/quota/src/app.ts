import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { usageConsumed } from "@topdog/contracts/events/usage-consumed";
import { durableFor } from "@topdog/contracts/topology";
import { replayDeadLetterOf } from "@topdog/contracts/rpc/replay-dead-letter";
import { callerVerifier } from "@topdog/http-kit/auth";
import { answerReplays } from "@topdog/messaging/answer-replays";
import type { Bus } from "@topdog/messaging/connect";
import { defineService } from "@topdog/service/define";
import { partOf } from "@topdog/service/part";
import { createPermitRecaller } from "./clients/recall-permits.ts";
import { createRecaller } from "./clients/recall-gateways.ts";
import { createStandings } from "./clients/standings.ts";
import { createUsageNews } from "./clients/usage-news.ts";
import { configSchema } from "./config.ts";
import { onSubscriptionUpdated } from "./consumers/on-subscription-updated.ts";
import { onSingleUsageConsumed, onUsageConsumed } from "./consumers/on-usage-consumed.ts";
import { createJobs } from "./jobs/jobs.ts";
import { createQuotaMetrics } from "./metrics.ts";
import { answerCompareLimits } from "./responders/answer-compare-limits.ts";
import { answerSyncLeases } from "./responders/answer-sync-leases.ts";
import { answerSumUsage } from "./responders/answer-sum-usage.ts";
import { answerTakePermits } from "./responders/answer-take-permits.ts";
import { createRoutes } from "./routes/routes.ts";
import { poolOptions } from "./store/database.ts";
import { createPermitStore } from "./store/permits.ts";
import { createQuotaStore } from "./store/quota-store.ts";
import type { QuotaDeps } from "./usecases/deps.ts";
import { createPresence } from "./usecases/gateway-presence.ts";
import { createListening } from "./usecases/listening.ts";
import { makePartitions } from "./usecases/make-partitions.ts";
import { createConsistencyMeter } from "./usecases/measure-consistency.ts";

/** When the durables of this service were made: with the store of their streams, of which it may look at nothing else. */
async function createdAt({ jsm }: Bus): Promise<string> {
  const own = [subscriptionUpdated, usageConsumed].map(({ subject }) => durableFor("quota", subject));
  const infos = await Promise.all(own.map(({ stream, name }) => jsm.consumers.info(stream, name)));
  return infos.map(({ created }) => created).join(" ");
}

export const quota = defineService({
  name: "quota",
  needs: { database: true, bus: "required" },
  config: configSchema,
  deps: { nowMs: Date.now, monotonicMs: (): number => performance.now() },
  databaseOptions: ({ DATABASE_CONNECTIONS }) => poolOptions(DATABASE_CONNECTIONS),
  build: ({ config, deps: { nowMs, monotonicMs }, metrics: registry, ...context }) => {
    const { db, bus, logger } = context;
    const metrics = createQuotaMetrics(registry);
    const store = createQuotaStore(db);
    const presence = createPresence(store, monotonicMs);
    const recall = createRecaller(bus, metrics, monotonicMs);
    const usageNews = createUsageNews(bus);
    context.onStop("news of usage", () => usageNews.stop());
    const deps: QuotaDeps = { store, presence, metrics, logger, recall, usageNews };
    const listening = createListening(monotonicMs);
    const permits = {
      presence,
      listening,
      metrics,
      logger,
      recall: createPermitRecaller(bus),
      store: createPermitStore(db),
    };
    context.onStop(
      "reconnect listener",
      bus.onReconnect(() => listening.interrupted()),
    );
    const consumers = {
      "subscription.updated": onSubscriptionUpdated(context, deps, nowMs),
      "usage.consumed": onUsageConsumed(context, deps, nowMs),
      "usage.consumed, single": onSingleUsageConsumed(context, deps, nowMs),
    };
    const measureConsistency = createConsistencyMeter({
      db,
      metrics,
      logger,
      nowMs,
      usageDeadlineMs: config.USAGE_DEADLINE_MS,
    });
    return {
      routes: createRoutes({ db, findStanding: createStandings(bus), measureConsistency }),
      verifiers: { caller: callerVerifier({ publicKeys: config.CALLER_PUBLIC_KEYS, audience: "quota", nowMs }) },
      parts: {
        // The job makes them too; before the first row of today they are here, unless the database is away.
        partitions: {
          start: async () => {
            await makePartitions(store).catch((error: unknown) => logger.warn({ err: error }, "no new partitions"));
          },
          stop: () => undefined,
        },
        ...consumers,
        replays: partOf(() => answerReplays(context, replayDeadLetterOf.quota, Object.values(consumers))),
        "sums of usage": partOf(() => answerSumUsage(context)),
        "comparisons of limits": partOf(() => answerCompareLimits(context)),
        "lease syncs": partOf(() => answerSyncLeases(bus, deps, config.SYNC_MAX_IN_FLIGHT)),
        permits: partOf(() => answerTakePermits(bus, permits, config.SYNC_MAX_IN_FLIGHT)),
      },
      jobs: createJobs({
        db,
        deps,
        listening,
        measureConsistency,
        storeCreated: () => createdAt(bus),
        isBusConnected: () => bus.isConnected(),
        gatewayTimeoutMs: config.GATEWAY_TIMEOUT_MS,
        usageDeadlineMs: config.USAGE_DEADLINE_MS,
        ledgerKeptDays: config.LEDGER_KEPT_DAYS,
      }),
    };
  },
});

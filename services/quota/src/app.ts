import { createExpressApp } from "@topdog/http-kit/app";
import { siblingVerifier } from "@topdog/http-kit/auth";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { notFound } from "@topdog/http-kit/error-handler";
import { renderProblem } from "@topdog/http-kit/problem";
import { drainServer, listen } from "@topdog/http-kit/lifecycle";
import { mountProbes } from "@topdog/http-kit/probes";
import { mountRoutes } from "@topdog/http-kit/route";
import type { Bus } from "@topdog/messaging/connect";
import { createRelay } from "@topdog/messaging/relay";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import { createRecaller } from "./clients/recall-gateways.ts";
import { answerSyncLeases } from "./consumers/answer-sync-leases.ts";
import { onSubscriptionUpdated } from "./consumers/on-subscription-updated.ts";
import { onUsageConsumed } from "./consumers/on-usage-consumed.ts";
import { createQuotaMetrics } from "./metrics.ts";
import { createRoutes } from "./routes/routes.ts";
import { createQuotaStore } from "./store/quota-store.ts";
import type { QuotaDeps } from "./usecases/deps.ts";
import { createPresence } from "./usecases/gateway-presence.ts";
import { createMaintenance } from "./usecases/maintenance.ts";
import { createConsistencyMeter } from "./usecases/measure-consistency.ts";

export interface AppDeps {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly http: { readonly host: string; readonly port: number };
  readonly principalSecret: string | { reveal(): string };
  readonly syncMaxInFlight: number;
  readonly gatewayTimeoutMs: number;
  readonly usageDeadlineMs: number;
  readonly graceMs: number;
}

export interface App {
  start(): Promise<{ port: number }>;
  /** Finishes what is in hand; the database and the bus stay the caller's to close. */
  stop(): Promise<void>;
}

const monotonicMs = (): number => performance.now();

export function createApp(app: AppDeps): App {
  const { db, bus, logger } = app;
  const metrics = createQuotaMetrics(app.metrics);
  const relay = createRelay({ db, bus, logger, metrics: metrics.messaging });
  const store = createQuotaStore(db);
  const presence = createPresence(store, monotonicMs);
  const recall = createRecaller(bus, metrics, monotonicMs);
  const deps: QuotaDeps = { store, presence, metrics, logger, recall };
  let sample = 0;
  const measureConsistency = createConsistencyMeter({ db, metrics, nowMs: app.nowMs, nextSalt: () => (sample += 1) });
  const consumers = [onSubscriptionUpdated(bus, db, deps), onUsageConsumed(bus, deps, app.nowMs)];
  const { gatewayTimeoutMs, usageDeadlineMs } = app;
  const maintenance = createMaintenance(deps, {
    gatewayTimeoutMs,
    usageDeadlineMs,
    measureConsistency,
    isListening: () => bus.isConnected(),
    nowMs: monotonicMs,
  });
  const deaf = bus.onReconnect(() => maintenance.restartPatience());
  let sync: { stop(): Promise<void> } | undefined;
  let draining = false;

  const web = createExpressApp({ logger, trustRequestId: true });
  const server = createHttpServer(web);
  const checks = {
    database: async () => void (await db.raw("select 1")),
    bus: async () => {
      if (!bus.isConnected()) throw new Error("the bus is away");
    },
  };
  mountProbes(web, { service: "quota", version: "1", metrics: app.metrics, isDraining: () => draining, checks });
  mountRoutes(web, createRoutes({ db, measureConsistency }), {
    verifiers: { sibling: siblingVerifier({ secret: app.principalSecret, nowMs: app.nowMs }) },
    logger,
  });
  web.use(notFound(renderProblem));

  return {
    start: async () => {
      relay.start();
      await maintenance.start();
      for (const consumer of consumers) consumer.start();
      sync = answerSyncLeases(bus, deps, app.syncMaxInFlight);
      return listen(server, app.http);
    },
    stop: async () => {
      draining = true;
      deaf();
      await drainServer(server, { graceMs: app.graceMs });
      await sync?.stop();
      await Promise.all([maintenance.stop(), ...consumers.map((consumer) => consumer.stop())]);
      await relay.stop();
    },
  };
}

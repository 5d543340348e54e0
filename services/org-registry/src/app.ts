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
import { answerResolvePrincipal } from "./consumers/answer-resolve-principal.ts";
import { onSubscriptionUpdated } from "./consumers/on-subscription-updated.ts";
import { createRegistryMetrics } from "./metrics.ts";
import { createRoutes } from "./routes/routes.ts";
import type { RandomBytes } from "./store/key-material.ts";

export interface AppDeps {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly randomBytes: RandomBytes;
  readonly principalSecret: string | { reveal(): string };
  readonly http: { readonly host: string; readonly port: number };
  readonly rpcMaxInFlight: number;
  readonly graceMs: number;
}

export interface App {
  start(): Promise<{ port: number }>;
  stop(): Promise<void>;
}

/** Takes part in the registry's work from `start` to `stop`; the database and the bus stay the caller's to close. */
export function createApp(deps: AppDeps): App {
  const { db, bus, logger, nowMs } = deps;
  const metrics = createRegistryMetrics(deps.metrics);
  const relay = createRelay({ db, bus, logger, metrics: metrics.messaging });
  const consumer = onSubscriptionUpdated({ bus, db, logger, metrics, nowMs });
  let resolver: { stop(): Promise<void> } | undefined;
  let draining = false;

  const web = createExpressApp({ logger, trustRequestId: true });
  const server = createHttpServer(web);
  mountProbes(web, {
    service: "org-registry",
    version: "1",
    metrics: deps.metrics,
    isDraining: () => draining,
    checks: {
      database: async () => void (await db.raw("select 1")),
      bus: async () => {
        if (!bus.isConnected()) throw new Error("the bus is away");
      },
    },
  });
  const routes = createRoutes({ db, nowMs, randomBytes: deps.randomBytes, nudge: () => relay.nudge() });
  mountRoutes(web, routes, {
    verifiers: { sibling: siblingVerifier({ secret: deps.principalSecret, nowMs }) },
    logger,
  });
  web.use(notFound(renderProblem));

  return {
    start: async () => {
      relay.start();
      consumer.start();
      resolver = answerResolvePrincipal({ bus, db, logger, metrics, maxInFlight: deps.rpcMaxInFlight });
      return listen(server, deps.http);
    },
    stop: async () => {
      draining = true;
      await drainServer(server, { graceMs: deps.graceMs });
      await resolver?.stop();
      await consumer.stop();
      await relay.stop();
    },
  };
}

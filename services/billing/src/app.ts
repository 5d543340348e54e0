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
import { onOrgUpdated } from "./consumers/on-org-updated.ts";
import { createBillingMetrics } from "./metrics.ts";
import { createRoutes } from "./routes/routes.ts";

export interface AppDeps {
  readonly db: Database;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly principalSecret: string | { reveal(): string };
  readonly http: { readonly host: string; readonly port: number };
  readonly regulatedLineup: boolean;
  readonly stripeKeySet: boolean;
  readonly graceMs: number;
}

export interface App {
  start(): Promise<{ port: number }>;
  stop(): Promise<void>;
}

/** Serves and relays from `start` to `stop`; the database and the bus stay the caller's to close. */
export function createApp(deps: AppDeps): App {
  const { db, bus, logger, nowMs, regulatedLineup, stripeKeySet } = deps;
  const metrics = createBillingMetrics(deps.metrics);
  const relay = createRelay({ db, bus, logger, metrics });
  const consumer = onOrgUpdated({ bus, db, logger, metrics });
  let draining = false;

  const web = createExpressApp({ logger, trustRequestId: true });
  const server = createHttpServer(web);
  mountProbes(web, {
    service: "billing",
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
  const routes = createRoutes({ db, regulatedLineup, stripeKeySet });
  mountRoutes(web, routes, {
    verifiers: { sibling: siblingVerifier({ secret: deps.principalSecret, nowMs }) },
    logger,
  });
  web.use(notFound(renderProblem));

  return {
    start: async () => {
      relay.start();
      consumer.start();
      return listen(server, deps.http);
    },
    stop: async () => {
      draining = true;
      await drainServer(server, { graceMs: deps.graceMs });
      await consumer.stop();
      await relay.stop();
    },
  };
}

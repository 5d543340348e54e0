import { createBareApp, createExpressApp, useMiddleware } from "@topdog/http-kit/app";
import { operatorVerifier, type Verifiers } from "@topdog/http-kit/auth";
import { errorHandler, notFound } from "@topdog/http-kit/error-handler";
import { type Health, mountProbes, mountStatusProbes } from "@topdog/http-kit/probes";
import { renderProblem } from "@topdog/http-kit/problem";
import { mountRoutes } from "@topdog/http-kit/route";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { Express } from "express";
import type { Built } from "./define.ts";
import type { OperatorConfig } from "./fields.ts";
import { countRequests } from "./http-metrics.ts";
import { metricsRoute } from "./metrics-route.ts";

export interface WebDeps {
  readonly built: Built;
  readonly config: Partial<OperatorConfig>;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** The public port: hot routes, then the middleware, probes that tell a status and no more, the counted routes, 404. */
export function createPublicApp({ built, config, health, metrics, logger }: WebDeps): Express {
  const { renderError = renderProblem, trustRequestId = true, mountFirst, mountLast } = built.web ?? {};
  const { securityHeaders = true, logRequests = true } = built.web ?? {};
  const app = createBareApp();
  mountFirst?.(app);
  useMiddleware(app, { logger, trustRequestId, securityHeaders, logRequests });
  mountStatusProbes(app, health);
  app.use(countRequests(metrics));
  const verifiers: Verifiers = { operator: operatorVerifier(config.OPERATOR_TOKEN), ...built.verifiers };
  mountRoutes(app, [metricsRoute(metrics), ...(built.routes ?? [])], { verifiers, logger });
  mountLast?.(app);
  app.use(notFound(renderError), errorHandler({ render: renderError, logger }));
  return app;
}

const openToAll = { operator: () => true };

/** The operations port: whoever reaches it is an operator. Probes and metrics answer from the first moment of a start. */
export function createOperationsApp({ health, metrics, logger }: Omit<WebDeps, "built" | "config">): Express {
  const app = createExpressApp({ logger, trustRequestId: true });
  mountProbes(app, health);
  mountRoutes(app, [metricsRoute(metrics)], { verifiers: openToAll, logger });
  return app;
}

/** The operators' routes of the service, once it is built. */
export function completeOperationsApp(app: Express, { routes = [] }: Built, logger: Logger): void {
  const operatorRoutes = routes.filter(({ auth }) => auth === "operator");
  mountRoutes(app, operatorRoutes, { verifiers: openToAll, logger });
  app.use(notFound(renderProblem), errorHandler({ render: renderProblem, logger }));
}

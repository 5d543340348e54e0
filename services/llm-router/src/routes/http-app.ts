import type { Express, Request, Response } from "express";
import { defaultErrors, dialects } from "@topdog/dialects/dialects";
import { modelsOperation } from "@topdog/dialects/models";
import { createExpressApp } from "@topdog/http-kit/app";
import { errorHandler, notFound } from "@topdog/http-kit/error-handler";
import { errorRenderer } from "@topdog/http-kit/send-error";
import { mountProbes } from "@topdog/http-kit/probes";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { CallDeps } from "../usecases/call.ts";
import type { AdmissionDeps } from "./admitted-call.ts";
import { markUnmetered } from "./http-answer.ts";
import { modelCalls } from "./model-calls.ts";
import { modelById, modelList } from "./models.ts";

export interface HttpAppDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
  readonly isSpoolHealthy: () => boolean;
  readonly admission: AdmissionDeps;
  readonly calls: CallDeps;
  readonly maxBodyBytes: number;
  readonly maxCalls: number;
}

/** The hot routes stand first, and before any body parser. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const { logger, admission, calls } = deps;
  const app = createExpressApp({ logger, trustRequestId: true, securityHeaders: false, logRequests: false });
  const handlerOf = modelCalls(deps);
  for (const dialect of dialects) {
    const handleError = errorHandler({ render: errorRenderer(dialect.errors), logger });
    const onError = (error: unknown, req: Request, res: Response): void => {
      void handleError(error, req, res, () => undefined);
    };
    app.post([...dialect.paths], handlerOf(dialect, onError));
  }
  const [list, byId] = modelsOperation.paths;
  app.get(list, modelList({ admission, models: calls }));
  app.get(byId, modelById({ admission, models: calls }));
  mountProbes(app, {
    service: "llm-router",
    version: "0.0.0",
    // A provider that is down is no reason to take the router out: it falls back, and says so.
    checks: {
      async spool() {
        if (!deps.isSpoolHealthy()) throw new Error("the usage spool cannot write");
      },
    },
    metrics: deps.metrics,
    isDraining: deps.isDraining,
  });
  app.use((_req, res, next) => {
    markUnmetered(res);
    next();
  });
  const render = errorRenderer(defaultErrors);
  app.use(notFound(render), errorHandler({ render, logger }));
  return app;
}

import type { Express, Request, Response } from "express";
import { createExpressApp } from "@topdog/http-kit/app";
import { errorHandler, notFound } from "@topdog/http-kit/error-handler";
import { mountProbes } from "@topdog/http-kit/probes";
import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { ChatDeps } from "../usecases/chat-call.ts";
import type { AdmissionDeps } from "./admitted-call.ts";
import { chatCompletions } from "./chat-completions.ts";
import { markUnmetered } from "./http-answer.ts";
import { modelById, modelList } from "./models.ts";

export interface HttpAppDeps {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly isDraining: () => boolean;
  readonly isSpoolHealthy: () => boolean;
  readonly admission: AdmissionDeps;
  readonly chat: ChatDeps;
  readonly maxBodyBytes: number;
  readonly maxCalls: number;
}

/** The hot route stands first, and before any body parser. */
export function createHttpApp(deps: HttpAppDeps): Express {
  const { logger, admission, chat, maxBodyBytes, maxCalls } = deps;
  const app = createExpressApp({ logger, trustRequestId: true, securityHeaders: false, logRequests: false });
  const renderError = errorHandler({ dialect: "openai", logger });
  const onError = (error: unknown, req: Request, res: Response): void => {
    void renderError(error, req, res, () => undefined);
  };
  app.post("/v1/chat/completions", chatCompletions({ admission, chat, maxBodyBytes, maxCalls, onError }));
  app.get("/v1/models", modelList({ admission, models: chat }));
  app.get("/v1/models/:id", modelById({ admission, models: chat }));
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
  app.use(notFound("openai"));
  app.use(renderError);
  return app;
}

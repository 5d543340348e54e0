import { randomUUID } from "node:crypto";
import { createExpressApp } from "@topdog/http-kit/app";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { drainServer, listen } from "@topdog/http-kit/lifecycle";
import { mountProbes } from "@topdog/http-kit/probes";
import type { Logger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import type { SandboxConfig } from "./config.ts";
import { createCallLog } from "./domain/call-log.ts";
import { createFaultPlan } from "./domain/faults.ts";
import { chatCompletions } from "./routes/chat-completions.ts";
import { mountControl } from "./routes/control.ts";
import { models } from "./routes/models.ts";

const maxBodyBytes = 32 * 1024 * 1024;

export interface SandboxApp {
  start(): Promise<{ port: number }>;
  stop(): Promise<void>;
}

export function createApp({ config, logger }: { config: SandboxConfig; logger: Logger }): SandboxApp {
  const faults = createFaultPlan();
  const log = createCallLog(config.CALL_LOG_ENTRIES);
  let isDraining = false;
  const app = createExpressApp({ logger, trustRequestId: true, securityHeaders: false, logRequests: false });
  const pace = { ttftMs: config.TTFT_MS, tokenIntervalMs: config.TOKEN_INTERVAL_MS };
  const completions = { faults, log, pace, maxBodyBytes, nowMs: Date.now, newId: randomUUID };
  app.post("/v1/chat/completions", chatCompletions(completions));
  app.get("/v1/models", models());
  mountControl(app, { faults, log });
  const metrics = createMetrics("sandbox-provider");
  mountProbes(app, {
    service: "sandbox-provider",
    version: "0.0.0",
    checks: {},
    metrics,
    isDraining: () => isDraining,
  });
  const server = createHttpServer(app);

  return {
    start: () => listen(server, { host: config.HTTP_HOST, port: config.HTTP_PORT }),
    async stop() {
      isDraining = true;
      await drainServer(server, { graceMs: config.SHUTDOWN_GRACE_MS });
    },
  };
}

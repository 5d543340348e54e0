import { randomUUID } from "node:crypto";
import { dialects } from "@topdog/dialects/dialects";
import { defineService } from "@topdog/service/define";
import { configSchema } from "./config.ts";
import { createCallLog } from "./domain/call-log.ts";
import { createFaultPlan } from "./domain/faults.ts";
import { complete } from "./routes/complete.ts";
import { mountControl } from "./routes/control.ts";
import { models } from "./routes/models.ts";

const maxBodyBytes = 32 * 1024 * 1024;

export const sandboxProvider = defineService({
  name: "sandbox-provider",
  needs: {},
  config: configSchema,
  deps: { nowMs: Date.now, newId: (): string => randomUUID() },
  build: ({ config, deps: { nowMs, newId } }) => {
    const faults = createFaultPlan();
    const log = createCallLog(config.CALL_LOG_ENTRIES);
    const pace = { ttftMs: config.TTFT_MS, tokenIntervalMs: config.TOKEN_INTERVAL_MS };
    const completions = { faults, log, pace, maxBodyBytes, nowMs, newId };
    return {
      web: {
        securityHeaders: false,
        logRequests: false,
        mountFirst: (app) => {
          for (const dialect of dialects) app.post([...dialect.paths], complete(completions, dialect));
          app.get("/v1/models", models());
          mountControl(app, { faults, log });
        },
      },
    };
  },
});

import { runProcess } from "@topdog/service/run-process";
import { createLogger } from "@topdog/telemetry/logger";
import { createApp } from "./app.ts";
import { readServiceConfig } from "./config.ts";

const config = readServiceConfig();
const logger = createLogger({ service: "sandbox-provider", level: config.LOG_LEVEL });

await runProcess({
  name: "sandbox-provider",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const app = createApp({ config, logger });
    await app.start();
    return app;
  },
});

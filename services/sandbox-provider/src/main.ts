import { loadConfig } from "@topdog/config/load";
import { runService } from "@topdog/http-kit/run-service";
import { createLogger } from "@topdog/telemetry/logger";
import { createApp } from "./app.ts";
import { configSchema } from "./config.ts";

const config = loadConfig("sandbox-provider", configSchema, { env: process.env, argv: process.argv });
const logger = createLogger({ service: "sandbox-provider", level: config.LOG_LEVEL });

await runService({
  name: "sandbox-provider",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const app = createApp({ config, logger });
    await app.start();
    return app;
  },
});

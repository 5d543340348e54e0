import { loadConfig } from "@topdog/config/load";
import { runService } from "@topdog/http-kit/run-service";
import { createLogger } from "@topdog/telemetry/logger";
import { createApp } from "./app.ts";
import { configSchema, secretReader } from "./config.ts";
import { openDurableSpool } from "./store/spool/durable-spool.ts";

const config = loadConfig("llm-router", configSchema, { env: process.env, argv: process.argv });
const logger = createLogger({ service: "llm-router", level: config.LOG_LEVEL });

await runService({
  name: "llm-router",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const app = await createApp({ config, logger, readSecret: secretReader(process.env), openSpool: openDurableSpool });
    await app.start();
    return app;
  },
});

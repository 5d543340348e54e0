import { runProcess } from "@topdog/service/run-process";
import { createLogger } from "@topdog/telemetry/logger";
import { createApp } from "./app.ts";
import { readSecret, readServiceConfig } from "./config.ts";
import { openDurableSpool } from "./store/spool/durable-spool.ts";

const config = readServiceConfig();
const logger = createLogger({ service: "llm-router", level: config.LOG_LEVEL });

await runProcess({
  name: "llm-router",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const app = await createApp({ config, logger, readSecret, openSpool: openDurableSpool });
    await app.start();
    return app;
  },
});

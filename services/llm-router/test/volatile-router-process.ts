/** The router without its spool, as a process: `node --conditions=@topdog/source test/volatile-router-process.ts`, same environment. */
import { runProcess } from "@topdog/service/run-process";
import { createLogger } from "@topdog/telemetry/logger";
import { createApp } from "../src/app.ts";
import { readSecret, readServiceConfig } from "../src/config.ts";
import { openVolatileSpool } from "./volatile-spool.ts";

const config = readServiceConfig();
const logger = createLogger({ service: "llm-router", level: config.LOG_LEVEL });

await runProcess({
  name: "llm-router",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const app = await createApp({ config, logger, readSecret, openSpool: openVolatileSpool });
    await app.start();
    return app;
  },
});

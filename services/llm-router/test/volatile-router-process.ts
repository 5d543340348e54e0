/** The router without its spool, as a process: `node --conditions=@topdog/source test/volatile-router-process.ts`, same environment. */
import { loadConfig } from "@topdog/config/load";
import { runService } from "@topdog/http-kit/run-service";
import { createLogger } from "@topdog/telemetry/logger";
import { createApp } from "../src/app.ts";
import { configSchema, secretReader } from "../src/config.ts";
import { openVolatileSpool } from "./volatile-spool.ts";

const config = loadConfig("llm-router", configSchema, { env: process.env, argv: process.argv });
const logger = createLogger({ service: "llm-router", level: config.LOG_LEVEL });

await runService({
  name: "llm-router",
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const deps = { config, logger, readSecret: secretReader(process.env), openSpool: openVolatileSpool };
    const app = await createApp(deps);
    await app.start();
    return app;
  },
});

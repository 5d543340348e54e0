import { randomBytes } from "node:crypto";
import { runService } from "@topdog/http-kit/run-service";
import { connectBus } from "@topdog/messaging/connect";
import { createDatabase } from "@topdog/postgres/pool";
import { createLogger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createApp } from "./app.ts";
import { readServiceConfig } from "./config.ts";

const name = "org-registry";
const config = readServiceConfig();
const logger = createLogger({ service: name, level: config.logLevel });

await runService({
  name,
  logger,
  graceMs: config.app.graceMs,
  start: async () => {
    const db = createDatabase({ url: config.databaseUrl.reveal(), applicationName: name });
    const metrics = createMetrics(name);
    const bus = await connectBus({ ...config.bus, name, logger, metrics });
    const app = createApp({ ...config.app, db, bus, logger, metrics, nowMs: Date.now, randomBytes });
    const { port } = await app.start();
    logger.info({ port }, "listening");
    return {
      stop: async () => {
        await app.stop();
        await bus.close();
        await db.destroy();
      },
    };
  },
});

import { runProcess } from "@topdog/service/run-process";
import { busAddress } from "@topdog/messaging/bus-address";
import { connectBus } from "@topdog/messaging/connect";
import { createLogger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createApp } from "./app.ts";
import { readServiceConfig } from "./config.ts";
import { openQuotaDatabase } from "./store/database.ts";

const name = "quota";
const config = readServiceConfig();
const logger = createLogger({ service: name, level: config.LOG_LEVEL });

await runProcess({
  name,
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const db = openQuotaDatabase(config.DATABASE_URL.reveal(), config.DATABASE_CONNECTIONS);
    const metrics = createMetrics(name);
    const bus = await connectBus({ ...busAddress(config), name, logger, metrics });
    const app = createApp({
      db,
      bus,
      logger,
      metrics,
      nowMs: Date.now,
      http: { host: config.HTTP_HOST, port: config.HTTP_PORT },
      principalSecret: config.PRINCIPAL_SECRET,
      syncMaxInFlight: config.SYNC_MAX_IN_FLIGHT,
      gatewayTimeoutMs: config.GATEWAY_TIMEOUT_MS,
      usageDeadlineMs: config.USAGE_DEADLINE_MS,
      graceMs: config.SHUTDOWN_GRACE_MS,
    });
    const { port } = await app.start();
    logger.info({ port }, "listening");
    const stop = () => app.stop().then(() => Promise.all([bus.close(), db.destroy()]));
    return { stop: async () => void (await stop()) };
  },
});

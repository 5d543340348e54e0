import { runService } from "@topdog/http-kit/run-service";
import { connectBus } from "@topdog/messaging/connect";
import { createDatabase } from "@topdog/postgres/pool";
import { createLogger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createApp } from "./app.ts";
import { readServiceConfig } from "./config.ts";

const name = "billing";
const config = readServiceConfig();
const logger = createLogger({ service: name, level: config.LOG_LEVEL });

await runService({
  name,
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const db = createDatabase({ url: config.DATABASE_URL.reveal(), applicationName: name });
    const bus = await connectBus({ url: config.NATS_URL, name, logger });
    const metrics = createMetrics(name);
    const http = { host: config.HTTP_HOST, port: config.HTTP_PORT };
    const { PRINCIPAL_SECRET: principalSecret, REGULATED_LINEUP: regulatedLineup, SHUTDOWN_GRACE_MS: graceMs } = config;
    const stripeKeySet = config.STRIPE_SECRET_KEY !== undefined;
    const deps = { db, bus, logger, metrics, nowMs: Date.now, principalSecret, http, regulatedLineup, stripeKeySet, graceMs };
    const app = createApp(deps);
    const { port } = await app.start();
    logger.info({ port, stripeKeySet }, "listening");
    const stop = async (): Promise<void> => {
      await app.stop();
      await bus.close();
      await db.destroy();
    };
    return { stop };
  },
});

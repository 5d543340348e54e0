import { randomUUID } from "node:crypto";
import { runProcess } from "@topdog/service/run-process";
import { busAddress } from "@topdog/messaging/bus-address";
import { connectBus } from "@topdog/messaging/connect";
import { createLogger } from "@topdog/telemetry/logger";
import { createMetrics } from "@topdog/telemetry/metrics";
import { createApp } from "./app.ts";
import { readServiceConfig } from "./config.ts";

const name = "gateway";
const config = readServiceConfig();
const logger = createLogger({ service: name, level: config.LOG_LEVEL });

await runProcess({
  name,
  logger,
  graceMs: config.SHUTDOWN_GRACE_MS,
  start: async () => {
    const metrics = createMetrics(name);
    const bus = await connectBus({ ...busAddress(config), name, logger, metrics });
    const monotonicMs = (): number => performance.now();
    const app = createApp({ config, bus, logger, metrics, monotonicMs, gatewayId: `gw_${randomUUID()}` });
    const { port } = await app.start();
    logger.info({ port }, "listening");
    const stop = async (): Promise<void> => {
      await app.stop();
      await bus.close();
    };
    return { stop };
  },
});

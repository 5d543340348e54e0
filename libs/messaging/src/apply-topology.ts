import { busFields, commonFields } from "@topdog/config/fields";
import { loadConfig } from "@topdog/config/load";
import { createLogger } from "@topdog/telemetry/logger";
import { z } from "zod";
import { busAddress } from "./bus-address.ts";
import { connectBus } from "./connect.ts";
import { applyTopology } from "./topology.ts";

/** The operator's step before a release: `NATS_URL=… NATS_NKEY_SEED=<the operator's> node dist/apply-topology.js`. */
const schema = z.object({
  ...busFields,
  LOG_LEVEL: commonFields.LOG_LEVEL,
  NATS_WAIT_MS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_600_000)
    .default(60_000)
    .describe("How long the bus may take to be there and to do it, in milliseconds"),
  NATS_STREAM_REPLICAS: z.coerce
    .number()
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe("Copies of each stream; 3 in a cluster"),
});
const config = loadConfig("apply-topology", schema, { env: process.env, argv: process.argv });
const logger = createLogger({ service: "apply-topology", level: config.LOG_LEVEL });
const startedMs = performance.now();
const firstConnectMs = config.NATS_WAIT_MS;
const bus = await connectBus({ ...busAddress(config), name: "operator", logger, firstConnectMs });
try {
  const timeoutMs = Math.max(firstConnectMs - (performance.now() - startedMs), 1);
  await applyTopology(bus, { replicas: config.NATS_STREAM_REPLICAS, timeoutMs });
  logger.info({}, "topology applied");
} finally {
  await bus.close();
}

import { commonFields } from "@topdog/config/fields";
import { loadConfig } from "@topdog/config/load";
import { createLogger } from "@topdog/telemetry/logger";
import { z } from "zod";
import { connectBus } from "./connect.ts";
import { applyTopology } from "./topology.ts";

/** The operator's step before a release: `NATS_URL=… node dist/apply-topology.js`. */
const schema = z.object({
  NATS_URL: commonFields.NATS_URL,
  LOG_LEVEL: commonFields.LOG_LEVEL,
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
const bus = await connectBus({ url: config.NATS_URL, name: "apply-topology", logger });
try {
  await applyTopology(bus, { replicas: config.NATS_STREAM_REPLICAS });
  logger.info({}, "topology applied");
} finally {
  await bus.close();
}

import { loadConfig } from "@topdog/config/load";
import { createLogger } from "@topdog/telemetry/logger";
import type { z } from "zod";
import type { Needs, ServiceDefinition } from "./define.ts";
import type { ProcessConfig } from "./fields.ts";
import { runProcess } from "./run-process.ts";
import { startService } from "./start.ts";

/** A service's `main`: reads the environment and the arguments of this process, and runs the service until a signal. */
export async function runService<N extends Needs, S extends z.ZodObject, D extends object>(
  definition: ServiceDefinition<N, S, D>,
  deps: Partial<D> = {},
): Promise<void> {
  const { name } = definition;
  const config = loadConfig(name, definition.config, { env: process.env, argv: process.argv.slice(2) });
  const { LOG_LEVEL: level, SHUTDOWN_GRACE_MS: graceMs } = config as unknown as ProcessConfig;
  const logger = createLogger({ service: name, level });
  await runProcess({
    name,
    logger,
    graceMs,
    start: (signal) => startService(definition, { config, logger, deps, signal }),
  });
}

import { readConfig } from "@topdog/config/load";
import { isStandIn } from "@topdog/contracts/services";
import type { Needs, ServiceDefinition } from "@topdog/service/define";
import type { ProcessName } from "@topdog/service/fields";
import { type RunningService, startService } from "@topdog/service/start";
import type { Logger } from "@topdog/telemetry/logger";
import type { z } from "zod";
import { silentLogger } from "./logger.ts";
import { type TestNats, testNats } from "./nats.ts";
import { acquireTimeoutMs, type TestDatabase, testDatabase } from "./postgres.ts";

export interface TestServiceOptions<D> {
  /** Beside what every service under test has: loopback, free ports, a short grace. */
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the definition's own. */
  readonly deps?: Partial<D>;
  readonly logger?: Logger;
  /** Ends a start that is under way, as a signal to its process would. */
  readonly signal?: AbortSignal;
}

export interface TestService {
  /** Of its public port, without a path. */
  readonly url: string;
  /** Of its operations port. */
  readonly opsUrl: string;
  stop(): Promise<void>;
}

const commonEnv = { HTTP_PORT: "0", OPS_PORT: "0", SHUTDOWN_GRACE_MS: "1000" };

/** The bus of a test, as the service that is named. */
export function busEnv(nats: TestNats, service: ProcessName): Record<string, string> {
  if (isStandIn(service)) throw new Error(`${service} is not on the bus`);
  return { NATS_URL: nats.url, NATS_NKEY_SEED: nats.seedOf(service) };
}

/**
 * A service in this process, as its `main` would start it. Its surroundings are the test's. A hundred requests at once wait for its pool as long as the
 * test's own do: how many of them a busy machine serves within the two seconds of production is no fault of the service.
 */
export async function startTestService<N extends Needs, S extends z.ZodObject, D extends object>(
  original: ServiceDefinition<N, S, D>,
  { env = {}, deps = {}, logger = silentLogger(), signal }: TestServiceOptions<D> = {},
): Promise<TestService> {
  const definition: ServiceDefinition<N, S, D> = {
    ...original,
    databaseOptions: (read) => ({ ...original.databaseOptions?.(read), acquireTimeoutMs }),
  };
  const config = readConfig(definition.config, { ...commonEnv, ...env });
  if (!config.ok) throw new Error(`${definition.name} under test: ${config.problems.join("; ")}`);
  const running: RunningService = await startService(definition, {
    config: config.config,
    deps,
    logger,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    url: `http://127.0.0.1:${running.httpPort}`,
    opsUrl: `http://127.0.0.1:${running.opsPort}`,
    stop: running.stop,
  };
}

export interface StoringTestService extends TestService {
  /** A pool of the test's own on the service's database, as the role that the service runs as. */
  readonly db: TestDatabase["db"];
  /** As the role that owns the tables. */
  readonly owner: TestDatabase["owner"];
  readonly nats: TestNats;
}

/** As `startTestService`, with a database and a bus of its own, which are removed with it. */
export async function startStoringService<N extends Needs, S extends z.ZodObject, D extends object>(
  definition: ServiceDefinition<N, S, D>,
  { migrations, ...options }: TestServiceOptions<D> & { readonly migrations: URL },
): Promise<StoringTestService> {
  const [database, nats] = await Promise.all([testDatabase({ migrations }), testNats()]);
  const stopSurroundings = async (): Promise<void> => {
    await nats.stop();
    await database.drop();
  };
  const env = { DATABASE_URL: database.url, ...busEnv(nats, definition.name), ...options.env };
  try {
    const service = await startTestService(definition, { ...options, env });
    const stop = async (): Promise<void> => {
      await service.stop();
      await stopSurroundings();
    };
    return { ...service, db: database.db, owner: database.owner, nats, stop };
  } catch (error) {
    await stopSurroundings();
    throw error;
  }
}

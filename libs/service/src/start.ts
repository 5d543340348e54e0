import { createHttpServer } from "@topdog/http-kit/create-server";
import { drainServer, listen } from "@topdog/http-kit/lifecycle";
import { type Check, createHealth, type Phase } from "@topdog/http-kit/probes";
import { busAddress } from "@topdog/messaging/bus-address";
import { type Bus, connectBus, type ConnectOptions } from "@topdog/messaging/connect";
import { createMessagingMetrics } from "@topdog/messaging/metrics";
import { createRelay } from "@topdog/messaging/relay";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { readDurability } from "@topdog/postgres/durability";
import { assertRuntimeRole } from "@topdog/postgres/runtime-role";
import type { Logger } from "@topdog/telemetry/logger";
import { createMetrics, type Metrics } from "@topdog/telemetry/metrics";
import type { Express } from "express";
import type { z } from "zod";
import { connectInBackground, type BackgroundBus } from "./background-bus.ts";
import type { Built, Context, Needs, ServiceDefinition } from "./define.ts";
import type { BusConfig, DatabaseConfig, OperatorConfig, ProcessConfig } from "./fields.ts";
import { createJob, createJobMetrics, maxOwnersAtOnce } from "./job.ts";
import { gaugeLostLines } from "./log-metrics.ts";
import { messagingJobs } from "./messaging-jobs.ts";
import type { Part } from "./part.ts";
import { createReleasers, type Releasers } from "./releasers.ts";
import { platformVersion } from "./version.ts";
import { completeOperationsApp, createOperationsApp, createPublicApp, type WebDeps } from "./web.ts";
import { createTurns } from "./turns.ts";

export interface StartOptions<C, D> {
  readonly config: C;
  readonly logger: Logger;
  /** In place of some of the definition's. */
  readonly deps?: Partial<D>;
  /** Aborted when the process is told to stop: a start that is not whole yet ends, and what it opened is released. */
  readonly signal?: AbortSignal;
}

export interface RunningService {
  readonly httpPort: number;
  readonly opsPort: number;
  readonly stop: () => Promise<void>;
}

type AnyConfig = ProcessConfig & Partial<DatabaseConfig & BusConfig & OperatorConfig>;
type AnyDefinition = ServiceDefinition<Needs, z.ZodObject, object>;
/** Which of the two are there is what the definition's `needs` say; its own types know it. */
type AnyContext = Context<Needs, AnyConfig, object> & { readonly db?: Database; readonly bus?: Bus | BackgroundBus };

interface Opened {
  readonly db: Database | undefined;
  readonly bus: Bus | undefined;
  readonly backgroundBus: BackgroundBus | undefined;
}

const operationsGraceMs = 500;
/** What a client sent to the gateway, and the caller token beside it, which names the whole path once more. */
const siblingHeaderBytes = 64 * 1024;

/**
 * Opens what the service needs, builds it, starts its parts and takes requests. Whatever fails, or when it is told to stop meanwhile,
 * what was opened until then is released in reverse. The stop: answers in progress end, parts stop in reverse, then the bus, then the database.
 */
export async function startService<N extends Needs, S extends z.ZodObject, D extends object>(
  definition: ServiceDefinition<N, S, D>,
  options: StartOptions<Readonly<z.infer<S>>, D>,
): Promise<RunningService> {
  const releasers = createReleasers(options.logger);
  try {
    const { logger, signal = new AbortController().signal } = options;
    const config = options.config as unknown as AnyConfig;
    const deps = { ...definition.deps, ...options.deps };
    const ports = await start(definition as unknown as AnyDefinition, { config, logger, deps, signal }, releasers);
    return { ...ports, stop: () => releasers.releaseAll() };
  } catch (error) {
    // What could not be released is logged; why the start failed is what the caller must hear.
    await releasers.releaseAll().catch(() => undefined);
    throw error;
  }
}

interface Starting {
  readonly config: AnyConfig;
  readonly logger: Logger;
  readonly deps: object;
  readonly signal: AbortSignal;
}

async function start(
  definition: AnyDefinition,
  { config, logger, deps, signal }: Starting,
  releasers: Releasers,
): Promise<{ httpPort: number; opsPort: number }> {
  const metrics = createMetrics(definition.name);
  gaugeLostLines(metrics, logger);
  const state: { phase: Phase } = { phase: "starting" };
  const checks: Record<string, Check> = {};
  const features: Record<string, Check> = {};
  const phase = (): Phase => state.phase;
  const health = createHealth({ service: definition.name, version: platformVersion, checks, features, phase });
  const operations = createOperationsApp({ health, metrics, logger });
  const opsPort = await openOperations(operations, config, releasers);
  const opened = await openResources(definition, config, { logger, metrics, signal }, releasers);
  signal.throwIfAborted();
  const messagingMetrics = opened.db === undefined ? undefined : createMessagingMetrics(metrics);
  const resources = { db: opened.db, bus: opened.bus ?? opened.backgroundBus, messagingMetrics };
  const onStop: AnyContext["onStop"] = (name, release) => releasers.add(name, release);
  const isDraining = (): boolean => state.phase === "draining";
  const context = { config, deps, logger, metrics, isDraining, ...resources, onStop } as AnyContext;
  const built = await definition.build(context);

  Object.assign(checks, checksOf(opened, built, config, logger), built.checks);
  Object.assign(features, built.features);
  completeOperationsApp(operations, built, logger);
  const relay = createOutboxRelay(opened, logger, messagingMetrics);
  const parts = {
    ...(relay === undefined ? {} : { relay }),
    ...built.parts,
    ...jobsOf(built, opened, metrics, logger, definition.name),
  };
  for (const [name, part] of Object.entries<Part>(parts)) {
    signal.throwIfAborted();
    await part.start();
    releasers.add(name, () => part.stop());
  }
  signal.throwIfAborted();
  const httpPort = await openPublic({ built, config, health, metrics, logger }, releasers);
  state.phase = "serving";
  releasers.add("readiness", () => void (state.phase = "draining"));
  logger.info({ port: httpPort, opsPort }, "listening");
  return { httpPort, opsPort };
}

/** The database before the bus, so that it is closed after it: what the bus still delivers while it drains needs it. */
async function openResources(
  { name, needs, databaseOptions }: AnyDefinition,
  config: AnyConfig,
  { logger, metrics, signal }: { logger: Logger; metrics: Metrics; signal: AbortSignal },
  releasers: Releasers,
): Promise<Opened> {
  let db: Database | undefined;
  if (needs.database === true) {
    const url = config.DATABASE_URL?.reveal();
    if (url === undefined) throw new Error(`${name} needs a database and has no DATABASE_URL`);
    const pool = createDatabase({ url, applicationName: name, ...databaseOptions?.(config) });
    releasers.add("database", () => pool.destroy());
    db = pool;
  }
  if (needs.bus === undefined) return { db, bus: undefined, backgroundBus: undefined };
  const options = busOptions(name, config, logger, metrics);
  if (needs.bus === "background") {
    const backgroundBus = connectInBackground((signal) => connectBus({ ...options, signal }), logger);
    releasers.add("bus", () => backgroundBus.close());
    return { db, bus: undefined, backgroundBus };
  }
  const bus = await connectBus({ ...options, signal });
  releasers.add("bus", () => bus.close());
  return { db, bus, backgroundBus: undefined };
}

/** Everything that a connection to the bus is made of, for every service. */
function busOptions(name: string, config: AnyConfig, logger: Logger, metrics: Metrics): ConnectOptions {
  const { NATS_URL, NATS_NKEY_SEED } = config;
  if (NATS_URL === undefined || NATS_NKEY_SEED === undefined) throw new Error(`${name} has no address of the bus`);
  return { ...busAddress({ ...config, NATS_URL, NATS_NKEY_SEED }), name, logger, metrics };
}

function checksOf(
  { db, bus }: Opened,
  { servesWithoutBus }: Built,
  config: AnyConfig,
  logger: Logger,
): Record<string, Check> {
  const isProduction = config.NODE_ENV === "production";
  return {
    ...(db === undefined ? {} : { database: databaseCheck(db, isProduction, logger) }),
    ...(bus === undefined ? {} : { bus: async () => busState(bus, servesWithoutBus) }),
  };
}

/** A database that forgets what it committed is not served from in production, and elsewhere said once; so is that a failover may lose something. */
function databaseCheck(db: Database, isProduction: boolean, logger: Logger): Check {
  let isToldOf = "";
  return async () => {
    await assertRuntimeRole(db);
    const { unsafe, weak } = await readDurability(db);
    const found = [...unsafe, ...weak].join("; ");
    if (found !== isToldOf && found !== "")
      logger[unsafe.length > 0 ? "error" : "warn"]({ unsafe, weak }, "the database may forget what it committed");
    isToldOf = found;
    if (isProduction && unsafe.length > 0) throw new Error(unsafe.join("; "));
  };
}

function busState(bus: Bus, servesWithoutBus: () => boolean = () => false): void | "degraded" {
  if (bus.isConnected()) return;
  if (servesWithoutBus()) return "degraded";
  throw new Error("the bus is away");
}

function createOutboxRelay({ db, bus }: Opened, logger: Logger, metrics: AnyMessagingMetrics): Part | undefined {
  if (db === undefined || bus === undefined) return undefined;
  return createRelay({ db, bus, logger, metrics });
}
type AnyMessagingMetrics = ReturnType<typeof createMessagingMetrics> | undefined;

function jobsOf(built: Built, { db }: Opened, metrics: Metrics, logger: Logger, service: string): Record<string, Part> {
  const jobs = [...(db === undefined ? [] : messagingJobs(db, service)), ...(built.jobs ?? [])];
  if (jobs.length === 0) return {};
  const jobMetrics = createJobMetrics(
    metrics,
    jobs.map(({ name }) => name),
  );
  const jobDeps = { db, logger, metrics: jobMetrics, owners: createTurns(maxOwnersAtOnce) };
  return Object.fromEntries(jobs.map((job) => [`job ${job.name}`, createJob(job, jobDeps)]));
}

/** Opened before all else and closed after it: a start or a stop that takes long can be watched, and is seen to be alive. */
async function openOperations(app: Express, config: AnyConfig, releasers: Releasers): Promise<number> {
  const server = createHttpServer(app);
  releasers.add("operations port", async () => void (await drainServer(server, { graceMs: operationsGraceMs })));
  const { port } = await listen(server, { host: config.OPS_HOST, port: config.OPS_PORT });
  return port;
}

async function openPublic(web: WebDeps & { config: AnyConfig }, releasers: Releasers): Promise<number> {
  const { built, config } = web;
  const server = createHttpServer(createPublicApp(web), { maxHeaderBytes: siblingHeaderBytes, ...built.web?.server });
  built.web?.onServer?.(server);
  releasers.add("public port", async () => void (await drainServer(server, { graceMs: config.SHUTDOWN_GRACE_MS })));
  const { port } = await listen(server, { host: config.HTTP_HOST, port: config.HTTP_PORT });
  return port;
}

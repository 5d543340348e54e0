import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { natsServerUsers } from "@topdog/contracts/nats-authorization";
import {
  databaseOf,
  type ServiceName,
  serviceNames,
  services as platformServices,
  standIns,
  storingServices,
  stripeTwin,
} from "@topdog/contracts/services";
import { busPublicKeys } from "./bus-keys.ts";
import { configVariables, type Environment, pickVariables } from "./child-environment.ts";
import { freePort, isPortFree } from "./free-port.ts";
import { startLogRotation } from "./log-rotation.ts";
import { resolveNatsServer } from "./nats-binary.ts";
import { type LocalNats, startNats } from "./nats-server.ts";
import { type LocalPostgres, startPostgres } from "./postgres.ts";
import type { ProcessExit } from "./process.ts";
import { type LocalService, startService } from "./service.ts";
import {
  linkPortName,
  numbered,
  opsPortName,
  paymentEnvironment,
  planServices,
  siteUrl,
  spoolDirOf,
  type StackPlan,
  storingBehind,
} from "./stack-plan.ts";
import { type Demo, migrateAll, seedDemo } from "./stack-setup.ts";
import { openStateFolder, type StateFolder } from "./state-folder.ts";

export type { Demo } from "./stack-setup.ts";

export interface StackOptions {
  readonly dataDir: string;
  /** By process: `postgres`, `nats`, a service, `gateway-2`, `sandbox-a`, `gateway-ops`; 0 or absent: a free one. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly logLevel?: string;
  /** One file per process; `<dataDir>/logs` by default. */
  readonly logDir?: string;
  /** Environment added for a service (`gateway` counts for each of them) or for one process (`gateway-2`). */
  readonly env?: Readonly<Record<string, Environment>>;
  /** Another main module for a service: a test's own composition of it. Absolute paths. */
  readonly entries?: Readonly<Record<string, string>>;
  /** Services that run from their sources and restart when these change. */
  readonly watched?: readonly string[];
  /** By process name: where a debugger can attach, `host:port`. */
  readonly inspectAddresses?: Readonly<Record<string, string>>;
  readonly gateways?: number;
  readonly routers?: number;
  /** Of billing, quota and org-registry each; 1 by default. */
  readonly replicas?: number;
  /** 2 by default; 0: the router takes the provider keys of this process's environment. */
  readonly sandboxes?: number;
  /** Whether a twin stands in for Stripe; false by default: billing takes Stripe's variables of this process's environment. */
  readonly stripeTwin?: boolean;
  /** Empties the data folder first. */
  readonly fresh?: boolean;
  /** Restarts in a row that a service is given which ends by itself; 0 by default. */
  readonly restartsMax?: number;
  readonly onProgress?: (line: string) => void;
  readonly onUnexpectedExit?: (name: string, exit: ProcessExit, logTail: string, willRestart: boolean) => void;
}

export interface Stack {
  readonly urls: Readonly<Record<Exclude<ServiceName, "gateway">, string>> & {
    readonly gateway: readonly string[];
    readonly sandboxes: readonly string[];
    /** Null where billing speaks to Stripe itself, or to nobody. */
    readonly stripeTwin: string | null;
  };
  /** Where people open the site: the first gateway by a name. */
  readonly siteUrl: string;
  readonly demo: Demo;
  readonly postgres: LocalPostgres;
  readonly nats: LocalNats;
  /** By process name; `gateway-2` is the second gateway. */
  readonly services: Readonly<Record<string, LocalService>>;
  /** What operators show on public ports. */
  readonly operatorToken: string;
  /** Where mails are kept, as JSON files, when no mail server is configured. */
  readonly mailDir: string;
  /** For the operator's commands. */
  readonly operatorBusSeed: string;
  /** Where routers keep their records of usage, by router. */
  readonly spoolDirs: readonly string[];
  /** For operator commands of org-registry. */
  readonly auditKeys: string;
  /** For operator commands of billing: how it reaches the Stripe twin; empty without one. */
  readonly stripeVariables: Readonly<Record<string, string>>;
  /** `env` is added for this and all later starts. */
  restartService(name: string, env?: Environment): Promise<void>;
  /** Stops all in reverse order; `force` kills at once. */
  stop(how?: { readonly force: boolean }): Promise<void>;
}

/** A port that the caller asked for is in use; `processName` says for what it was meant. */
export class PortTakenError extends Error {
  readonly processName: string;
  readonly port: number;

  constructor(processName: string, port: number) {
    super(`port ${port}, meant for ${processName}, is in use by another program`);
    this.processName = processName;
    this.port = port;
  }
}

const host = "127.0.0.1";
const root = fileURLToPath(new URL("../../..", import.meta.url));
const webDir = join(root, "services/web/dist/site");
const serviceGraceMs = 15_000;

/** Runs the whole platform as local processes: engines, schemas, demo, services. Leaves nothing behind if it fails. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started = createStarted();
  try {
    return await bringUp(options, started);
  } catch (error) {
    await started.stop(true);
    throw error;
  }
}

type Started = ReturnType<typeof createStarted>;

/** What runs so far, so that it can be ended in reverse order, after a failure half-way too. */
function createStarted() {
  const parts: {
    postgres?: LocalPostgres;
    nats?: LocalNats;
    state?: StateFolder;
    stopLogRotation?: () => void;
    services: LocalService[];
  } = {
    services: [],
  };
  return {
    parts,
    async stop(force: boolean): Promise<void> {
      for (const group of stopOrder(parts.services)) {
        await Promise.all(group.map((one) => (force ? one.kill9() : one.stop("SIGTERM", serviceGraceMs))));
      }
      await (force ? parts.nats?.kill9() : parts.nats?.stop());
      await parts.postgres?.stop(force ? "immediate" : "fast");
      parts.stopLogRotation?.();
      parts.state?.release();
    },
  };
}

/** The path of calls first, the last started before the others: what they still do needs those behind them. */
function stopOrder(running: readonly LocalService[]): LocalService[][] {
  const behind: readonly string[] = storingBehind;
  const ordered = platformServices.map(({ name }) => name).filter((name) => !behind.includes(name));
  const isOf = (one: LocalService, name: string): boolean => one.name === name || one.name.startsWith(`${name}-`);
  const groups = ordered.toReversed().map((name) => running.filter((one) => isOf(one, name)));
  return [...groups, running.filter((one) => !ordered.some((name) => isOf(one, name)))];
}

async function bringUp(options: StackOptions, started: Started): Promise<Stack> {
  const say = options.onProgress ?? (() => undefined);
  const state = openStateFolder(options.dataDir, options.fresh ?? false);
  started.parts.state = state;
  const gateways = numbered("gateway", options.gateways ?? 1);
  const routers = numbered("llm-router", options.routers ?? 1);
  const sandboxes = ["sandbox-a", "sandbox-b", "sandbox-c", "sandbox-d"].slice(0, options.sandboxes ?? 2);
  const replicas = options.replicas ?? 1;
  const behind = storingBehind.flatMap((name) => numbered(name, replicas));
  const twins = options.stripeTwin === true ? [stripeTwin.name] : [];
  const processes = [...sandboxes, ...twins, ...behind, ...routers, ...gateways];
  const names = ["postgres", "nats", ...processes, ...processes.map(opsPortName), ...routers.map(linkPortName)];
  const ports = await choosePorts(names, options.ports ?? {});
  const logDir = options.logDir ?? join(options.dataDir, "logs");

  started.parts.stopLogRotation = startLogRotation({ folder: logDir });
  const [postgres, nats] = await startEngines(state, ports, logDir, started, say);
  const urls = await Promise.all(storingServices.map((name) => postgres.createDatabase(databaseOf(name))));
  const plan: StackPlan = {
    root,
    host,
    logDir,
    ports,
    replicas,
    routers,
    gateways,
    sandboxes,
    stripeTwin: twins.length === 0 ? null : { dataDir: state.stripeTwin, webhookSecret: state.stripeWebhookSecret },
    logLevel: options.logLevel ?? "info",
    natsUrl: nats.url,
    busSeeds: state.busSeeds,
    databaseUrls: byService(urls.map(({ url }) => url)),
    callerKeys: state.callerKeys,
    auditKeys: state.auditKeys,
    routerKeys: state.routerKeys,
    vaultKeys: state.vaultKeys,
    fingerprintKey: state.fingerprintKey,
    operatorToken: state.operatorToken,
    authSecret: state.authSecret,
    mailDir: state.mail,
    webDir: existsSync(webDir) ? webDir : null,
    spoolDir: state.spool,
    parentEnv: process.env,
    variables: await readVariables(),
    overrides: options.env ?? {},
    entries: options.entries ?? {},
    watched: options.watched ?? [],
    inspectAddresses: options.inspectAddresses ?? {},
  };
  await migrateAll(plan, byService(urls.map(({ ownerUrl }) => ownerUrl)));
  say("schemas and streams are in place");
  const policy = {
    restartsMax: options.restartsMax ?? 0,
    onUnexpectedExit: options.onUnexpectedExit ?? (() => undefined),
  };
  const seeded = seedDemo(plan, state.demoKeys, join(postgres.home, "demo.json"));
  seeded.catch(() => undefined);
  started.parts.services = planServices(plan).map((spec) => startService(spec, host, policy));
  await Promise.all(started.parts.services.map((one) => one.ready));
  const demo = await seeded;
  say("every service is ready");
  return describe(plan, demo, started, postgres, nats);
}

/** Of what is in the order of the storing services. */
const byService = (urls: readonly string[]): StackPlan["databaseUrls"] =>
  Object.fromEntries(storingServices.map((name, index) => [name, urls[index]])) as StackPlan["databaseUrls"];

async function readVariables(): Promise<StackPlan["variables"]> {
  const names = [...serviceNames, ...standIns.map(({ name }) => name)];
  const entries = names.map(async (name) => [name, await configVariables(join(root, "services", name))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

async function startEngines(
  state: StateFolder,
  ports: Readonly<Record<string, number>>,
  logDir: string,
  started: Started,
  say: (line: string) => void,
): Promise<[LocalPostgres, LocalNats]> {
  const log = say;
  const startingPostgres = startPostgres({
    dataDir: state.postgres,
    host,
    log,
    port: ports["postgres"] ?? 0,
    logFile: join(logDir, "postgres.log"),
  }).then((postgres) => (started.parts.postgres = postgres));
  const startingNats = resolveNatsServer({ log })
    .then((binary) =>
      startNats({
        binary,
        dataDir: state.nats,
        host,
        port: ports["nats"] ?? 0,
        logFile: join(logDir, "nats-server.log"),
        access: natsServerUsers(busPublicKeys(state.busSeeds)),
      }),
    )
    .then((nats) => (started.parts.nats = nats));
  // Both settle before either's failure is reported: the other one must be known by then, to be stopped.
  await Promise.allSettled([startingPostgres, startingNats]);
  const engines = await Promise.all([startingPostgres, startingNats]);
  say("Postgres and NATS are up");
  return engines;
}

async function choosePorts(
  names: readonly string[],
  wanted: Readonly<Record<string, number>>,
): Promise<Record<string, number>> {
  const chosen: Record<string, number> = {};
  for (const name of names) {
    const port = wanted[name] ?? 0;
    if (port !== 0 && (Object.values(chosen).includes(port) || !(await isPortFree(host, port)))) {
      throw new PortTakenError(name, port);
    }
    chosen[name] = port === 0 ? await unusedPort(Object.values(chosen).concat(Object.values(wanted))) : port;
  }
  return chosen;
}

async function unusedPort(used: readonly number[]): Promise<number> {
  const port = await freePort(host);
  return used.includes(port) ? unusedPort(used) : port;
}

function describe(plan: StackPlan, demo: Demo, started: Started, postgres: LocalPostgres, nats: LocalNats): Stack {
  const services = Object.fromEntries(started.parts.services.map((one) => [one.name, one]));
  const byName = (name: string): LocalService => {
    const found = services[name];
    if (found === undefined) throw new Error(`no service is called ${name}: ${Object.keys(services).join(", ")}`);
    return found;
  };
  const payments = paymentEnvironment(plan).billing;
  return {
    urls: {
      "org-registry": byName("org-registry").url,
      billing: byName("billing").url,
      quota: byName("quota").url,
      "llm-router": byName("llm-router").url,
      gateway: plan.gateways.map((name) => byName(name).url),
      sandboxes: plan.sandboxes.map((name) => byName(name).url),
      stripeTwin: plan.stripeTwin === null ? null : byName(stripeTwin.name).url,
    },
    siteUrl: siteUrl(plan),
    demo,
    postgres,
    nats,
    services,
    operatorToken: plan.operatorToken,
    mailDir: plan.mailDir,
    operatorBusSeed: plan.busSeeds.operator,
    spoolDirs: plan.routers.map((name) => spoolDirOf(plan, name)),
    auditKeys: plan.auditKeys,
    stripeVariables: pickVariables(payments, Object.keys(payments)),
    restartService: (name, env) => byName(name).restart(env),
    stop: (how) => started.stop(how?.force ?? false),
  };
}

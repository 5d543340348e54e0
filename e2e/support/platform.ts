import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PlanId } from "@topdog/contracts/plans";
import {
  databaseOf,
  type ServiceName,
  serviceNames,
  type StoringService,
  storingServices,
} from "@topdog/contracts/services";
import { runtimeEnvironment } from "@topdog/local-stack/child-environment";
import type { LocalPostgres } from "@topdog/local-stack/postgres";
import type { ProcessExit } from "@topdog/local-stack/process";
import { childrenOf, isRunning } from "@topdog/local-stack/process-table";
import { makeScratchFolder } from "@topdog/local-stack/scratch-folder";
import { freePort } from "@topdog/local-stack/free-port";
import { startStack, type Demo, type Stack } from "@topdog/local-stack/stack";
import { startTcpProxy, type TcpProxy } from "@topdog/testing/tcp-proxy";
import { request } from "undici";
import { beginDay, setClockAhead } from "./day.ts";
import { copyFolder, type DatabaseBackup, restoreBackup, takeBackup } from "./database-backup.ts";
import { until } from "./eventually.ts";
import { adminQuery } from "./ledger.ts";
import { mountDisk, type OwnDisk } from "./own-disk.ts";
import { startStandby } from "./standby.ts";

/** What a test kills. */
export const victims = ["gateway", "llm-router", "quota", "nats", "postgres"] as const;

export interface PlatformOptions {
  readonly gateways?: number;
  readonly routers?: number;
  /** Of billing, quota and org-registry each; 1 by default. */
  readonly replicas?: number;
  /** Puts a proxy between the gateways and each router, by which their links can be cut. */
  readonly breakableLinks?: boolean;
  /** Sandbox providers without thinking time; a live stream still lasts some tens of milliseconds. */
  readonly fastProviders?: boolean;
  /** Environment by service name. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Environment of all five services. */
  readonly everyService?: Readonly<Record<string, string>>;
  /** Puts everything that the platform writes on a file system of its own, where one can be mounted: see `disk`. */
  readonly ownDisk?: boolean;
}

export interface Platform {
  readonly gatewayUrl: string;
  readonly gatewayUrls: readonly string[];
  readonly demo: Demo;
  readonly logDir: string;
  /** With `breakableLinks`: to each router. */
  readonly links: readonly TcpProxy[];
  /** The quota service's database, as the superuser. */
  readonly quotaDatabaseUrl: string;
  serviceUrl(service: ServiceName): string;
  /** Of its operations port. */
  opsUrl(service: ServiceName): string;
  /** Where mails are kept that would be sent. */
  readonly mailDir: string;
  /** What operators show on public ports. */
  readonly operatorToken: string;
  /** A key that calls models and nothing else. */
  newKey(userId: string, orgId?: string): Promise<{ readonly id: string; readonly key: string }>;
  newUser(subscription: { plan: PlanId }): Promise<{ userId: string; userKey: string }>;
  newOrg(subscription: { plan: PlanId; seats: number }): Promise<{ orgId: string; ownerId: string; ownerKey: string }>;
  setPlan(owner: string, plan: PlanId, seats: number): Promise<void>;
  /** Replaces the fault of one sandbox provider; null ends it. */
  setFault(sandbox: number, fault: Readonly<Record<string, unknown>> | null): Promise<void>;
  /** SIGTERM, then the exit. */
  stopService(service: string): Promise<ProcessExit>;
  kill9(victim: string): Promise<void>;
  restart(victim: string): Promise<void>;
  /** Stops a process without ending it, until the returned function lets it go on. */
  pause(service: string): () => void;
  /** Every service process, by name: `quota`, `quota-2`, … */
  readonly processNames: readonly string[];
  /** A deploy of one process: SIGTERM, its end, and the start of another. */
  deploy(process: string): Promise<void>;
  /** The bus stands still until the returned function lets it go on. */
  pauseBus(): () => void;
  /** Postgres and all its backends stand still until the returned function lets them go on. */
  pausePostgres(): () => void;
  /** The bus loses all that it stored, its streams too. */
  loseBusStore(): Promise<void>;
  /** `node <entry>`, with what the migration step of a release of quota gets. */
  releaseStep(entry: string): Promise<string>;
  /** From now on the services reach Postgres through this, which may lead elsewhere later. */
  databaseThroughProxy(): Promise<TcpProxy>;
  /** Another Postgres that follows this one; `confirmEachCommit` makes commits wait for it. */
  addStandby(primary?: LocalPostgres): Promise<LocalPostgres>;
  readonly postgres: LocalPostgres;
  /** `npm run topdog -- …`, as an operator of this platform. Returns what it prints. */
  topdog(args: readonly string[]): Promise<string>;
  /** Where routers keep records of usage, by router. */
  readonly spoolDirs: readonly string[];
  /** Postgres takes no writes from now on, or takes them again. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
  /** The database's clock, as quota reads it, is so far ahead of what it was at first; 0: right again. */
  setClockAhead(aheadMs: number): Promise<void>;
  /** Quota's day, `2026-11-27`. */
  today(): string;
  /** Of the whole Postgres, while it runs. */
  backUp(): Promise<DatabaseBackup>;
  /** Postgres stops, is as it was then, and starts again. */
  restoreBackup(backup: DatabaseBackup): Promise<void>;
  /** Null where no file system can be mounted, or none was asked for. */
  readonly disk: Pick<OwnDisk, "setFull"> | null;
  /** Of each service process: its answer on /readyz is 200. */
  areReady(): Promise<boolean>;
  isPostgresRunning(): boolean;
  /** Nothing of it is left. With `keepLogs` the logs are: returns where. */
  stop(how?: { readonly keepLogs: boolean }): Promise<string>;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);
const fast = { TTFT_MS: "15", TOKEN_INTERVAL_MS: "3" };

/** The whole platform on free ports with a data folder of its own, as `npm start` runs it. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const dataDir = makeScratchFolder("e2e");
  const disk = options.ownDisk === true ? mountDisk(dataDir) : null;
  try {
    return await bringUp(options, dataDir, disk);
  } catch (error) {
    disk?.remove();
    throw error;
  }
}

async function bringUp(options: PlatformOptions, dataDir: string, disk: OwnDisk | null): Promise<Platform> {
  const env = Object.fromEntries(
    serviceNames.map((name) => [name, { ...options.everyService, ...options.settings?.[name] }]),
  );
  const routers = options.routers ?? 1;
  const linkPorts = await Promise.all(Array.from({ length: routers }, () => freePort("127.0.0.1")));
  const links = options.breakableLinks === true ? await Promise.all(linkPorts.map(startTcpProxy)) : [];
  const routerUrl = links.map(({ port }) => `link://127.0.0.1:${port}`).join(",");
  const gatewayEnv = { ...env["gateway"], ...(links.length === 0 ? {} : { ROUTER_URL: routerUrl }) };
  const stack = await startStack({
    dataDir,
    gateways: options.gateways ?? 1,
    routers,
    replicas: options.replicas ?? 1,
    ports: Object.fromEntries(
      linkPorts.map((port, index) => [`llm-router${index === 0 ? "" : `-${index + 1}`}-link`, port]),
    ),
    logLevel: "info",
    env: { ...env, gateway: gatewayEnv, "sandbox-provider": options.fastProviders === true ? fast : {} },
  });
  const aheadMs = await beginDay({ quotaDatabaseUrl: stack.postgres.url("quota") });
  return describePlatform({ stack, dataDir, links, disk, aheadMs });
}

interface Started {
  readonly stack: Stack;
  readonly dataDir: string;
  readonly links: TcpProxy[];
  readonly disk: OwnDisk | null;
  readonly aheadMs: number;
}

function describePlatform({ stack, dataDir, links, disk, aheadMs }: Started): Platform {
  const command = (service: "org-registry" | "billing", name: string, args: string[]): Promise<string> =>
    runCommand(join("services", service, "dist/commands", `${name}.js`), args, {
      DATABASE_URL: stack.postgres.url(databaseOf(service), databaseOf(service)),
      AUDIT_KEYS: stack.auditKeys,
    });
  // What is no part of the platform, and survives its disk.
  const asideDir = async (): Promise<string> => {
    await mkdir(`${dataDir}-aside`, { recursive: true, mode: 0o711 });
    return `${dataDir}-aside`;
  };
  let databasePort = stack.postgres.port;
  /** As the superuser without a role. */
  const databaseUrl = (service: StoringService, role?: string): string =>
    stack.postgres.url(databaseOf(service), role).replace(`:${stack.postgres.port}/`, `:${databasePort}/`);
  let backups = 0;
  const standbys: LocalPostgres[] = [];
  const create = async (what: string, ...args: string[]): Promise<{ id: string; key: string }> =>
    JSON.parse((await command("org-registry", `create-${what}`, args)).trim().split("\n").at(-1) ?? "") as {
      id: string;
      key: string;
    };
  const setPlan = async (owner: string, plan: PlanId, seats: number): Promise<void> => {
    await command("billing", "set-plan", ["--owner", owner, "--plan", plan, "--seats", String(seats)]);
  };
  let made = 0;
  const newUserId = async (): Promise<string> => (await create("user", "--email", `user-${++made}@example.test`)).id;
  const platform: Platform = {
    gatewayUrl: stack.urls.gateway[0] ?? "",
    gatewayUrls: stack.urls.gateway,
    demo: stack.demo,
    logDir: join(dataDir, "logs"),
    links,
    get quotaDatabaseUrl() {
      return databaseUrl("quota");
    },
    opsUrl: (service) => serviceOf(stack, service).opsUrl,
    operatorToken: stack.operatorToken,
    mailDir: stack.mailDir,
    serviceUrl: (service) => (service === "gateway" ? (stack.urls.gateway[0] ?? "") : stack.urls[service]),
    setPlan,
    newUser: async ({ plan }) => {
      const userId = await newUserId();
      const { key } = await create("key", "--user", userId, ...everyScope);
      if (plan !== "free") await setPlan(`user:${userId}`, plan, 1);
      await limitIsKnown(platform, key, plan === "free");
      return { userId, userKey: key };
    },
    newKey: (userId, orgId) => create("key", "--user", userId, ...(orgId === undefined ? [] : ["--org", orgId])),
    newOrg: async ({ plan, seats }) => {
      const ownerId = await newUserId();
      const orgId = (await create("org", "--name", `Org ${made}`, "--owner", ownerId)).id;
      await setPlan(`org:${orgId}`, plan, seats);
      const { key } = await create("key", "--user", ownerId, "--org", orgId, ...everyScope);
      await limitIsKnown(platform, key, false);
      return { orgId, ownerId, ownerKey: key };
    },
    setFault: async (sandbox, fault) => {
      const url = `${stack.urls.sandboxes[sandbox]}/_faults`;
      const answer = await request(url, {
        method: fault === null ? "DELETE" : "PUT",
        ...(fault === null ? {} : { body: JSON.stringify(fault), headers: { "content-type": "application/json" } }),
      });
      if (answer.statusCode >= 300) throw new Error(`the sandbox refused the fault: ${await answer.body.text()}`);
      await answer.body.dump();
    },
    stopService: (service) => serviceOf(stack, service).stop("SIGTERM", 20_000),
    kill9: async (victim) => {
      if (victim === "nats") await stack.nats.kill9();
      else if (victim === "postgres") await stack.postgres.kill9();
      else await serviceOf(stack, victim).kill9();
    },
    restart: async (victim) => {
      if (victim === "nats") await stack.nats.restart();
      else if (victim === "postgres") await stack.postgres.restart();
      else await stack.restartService(victim);
    },
    pause: (service) => {
      const { pid } = serviceOf(stack, service);
      process.kill(pid, "SIGSTOP");
      return () => void process.kill(pid, "SIGCONT");
    },
    processNames: Object.keys(stack.services),
    deploy: async (process) => {
      await serviceOf(stack, process).stop("SIGTERM", 20_000);
      await stack.restartService(process);
    },
    pauseBus: () => {
      const { pid } = stack.nats;
      process.kill(pid, "SIGSTOP");
      return () => void process.kill(pid, "SIGCONT");
    },
    pausePostgres: () => {
      const { pid } = stack.postgres;
      // The postmaster first: it starts no backend behind our back.
      process.kill(pid, "SIGSTOP");
      const stopped = [...childrenOf(pid), pid];
      const signalAll = (signal: NodeJS.Signals): void => stopped.forEach((one) => void process.kill(one, signal));
      signalAll("SIGSTOP");
      return () => signalAll("SIGCONT");
    },
    loseBusStore: async () => {
      await stack.nats.kill9();
      await stack.nats.wipe();
      await stack.nats.restart();
    },
    releaseStep: (entry) =>
      runCommand(entry, [], {
        DATABASE_URL: databaseUrl("quota", "quota_owner"),
        NATS_URL: stack.nats.url,
        NATS_NKEY_SEED: stack.operatorBusSeed,
      }),
    databaseThroughProxy: async () => {
      const proxy = await startTcpProxy(stack.postgres.port);
      links.push(proxy);
      databasePort = proxy.port;
      const restarts = storingServices.flatMap((service) =>
        Object.keys(stack.services)
          .filter((name) => name === service || name.startsWith(`${service}-`))
          .map((name) => stack.restartService(name, { DATABASE_URL: databaseUrl(service, databaseOf(service)) })),
      );
      await Promise.all(restarts);
      return proxy;
    },
    postgres: stack.postgres,
    addStandby: async (primary = stack.postgres) => {
      const standby = await startStandby(primary, join(await asideDir(), `standby-${standbys.length + 1}`));
      standbys.push(standby);
      return standby;
    },
    topdog: (args) =>
      runCommand("scripts/topdog.ts", args, {
        ...Object.fromEntries(
          storingServices.map((name) => [
            `DATABASE_URL_${databaseOf(name).toUpperCase()}`,
            databaseUrl(name, databaseOf(name)),
          ]),
        ),
        AUDIT_KEYS: stack.auditKeys,
        NATS_URL: stack.nats.url,
        NATS_NKEY_SEED: stack.operatorBusSeed,
      }),
    spoolDirs: stack.spoolDirs,
    setReadOnly: async (isReadOnly) => {
      const set = isReadOnly ? "set default_transaction_read_only = on" : "reset default_transaction_read_only";
      await adminQuery({ quotaDatabaseUrl: stack.postgres.url("quota") }, `alter system ${set}`);
      await adminQuery({ quotaDatabaseUrl: stack.postgres.url("quota") }, "select pg_reload_conf()");
    },
    setClockAhead: (moreMs) => setClockAhead({ quotaDatabaseUrl: stack.postgres.url("quota") }, aheadMs + moreMs),
    today: () => new Date(Date.now() + aheadMs).toISOString().slice(0, 10),
    backUp: async () => {
      backups += 1;
      return takeBackup(stack.postgres, join(await asideDir(), `backup-${backups}`));
    },
    restoreBackup: (backup) => restoreBackup(stack.postgres, backup),
    disk,
    isPostgresRunning: () => isRunning(stack.postgres.pid),
    areReady: async () => {
      const statuses = await Promise.all(Object.values(stack.services).map(({ url }) => statusOf(`${url}/readyz`)));
      return statuses.every((status) => status === 200);
    },
    stop: async (how) => {
      await stack.stop();
      await Promise.all(links.map((link) => link.stop()));
      const keptLogs = `${dataDir}-logs`;
      if (how?.keepLogs === true) await copyFolder(join(dataDir, "logs"), keptLogs);
      await Promise.all(standbys.map((standby) => standby.stop()));
      disk?.remove();
      for (const folder of [dataDir, `${dataDir}-aside`]) await rm(folder, { recursive: true, force: true });
      return keptLogs;
    },
  };
  return platform;
}

/** Tests look at limits and usage with the keys that they call with. */
const everyScope = ["--scopes", "llm,usage:read,account"];

function serviceOf(stack: Stack, name: string) {
  const service = stack.services[name];
  if (service === undefined) throw new Error(`no service is called ${name}`);
  return service;
}

async function runCommand(entry: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run(process.execPath, [join(root, entry), ...args], {
    env: { ...runtimeEnvironment(process.env), ...env, NODE_OPTIONS: "" },
    timeout: 60_000,
  });
  return stdout;
}

/** 0 when nobody answers. */
async function statusOf(url: string): Promise<number> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode;
  } catch {
    return 0;
  }
}

/** A subscription set by command takes a moment to reach quota: waits for it, so that a test starts from the plan it named. */
async function limitIsKnown(platform: Platform, key: string, isFree: boolean): Promise<void> {
  const readLimits = async (): Promise<{ status: number; text: string }> => {
    const answer = await request(`${platform.gatewayUrl}/api/limits`, { headers: { authorization: `Bearer ${key}` } });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  await until(
    "the new subscription is known to quota",
    readLimits,
    ({ status, text }) => status === 200 && (isFree || !/"plan":"free"/.test(text)),
  );
}

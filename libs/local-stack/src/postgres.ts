import { createHmac } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { type EngineAccount, engineAccount } from "./engine-account.ts";
import { freePort } from "./free-port.ts";
import { type Cluster, openCluster } from "./postgres-cluster.ts";
import { postgresBinaries, postgresHome } from "./postgres-home.ts";
import { awaitGone, type ManagedProcess, startProcess, tailOf } from "./process.ts";
import { childrenOf, isRunning } from "./process-table.ts";

export interface PostgresOptions {
  /** Made when absent; holds the cluster and its superuser's password. */
  readonly dataDir: string;
  /** 0 or absent: a free one, kept over restarts. */
  readonly port?: number;
  readonly host?: string;
  readonly logFile?: string;
  /** postgresql.conf settings, over our own. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How long another Postgres on the same data, left by a starter that died, is given to end. */
  readonly takeoverTimeoutMs?: number;
  readonly log?: (line: string) => void;
}

/** `fast` rolls back what runs and ends cleanly; `immediate` leaves recovery to the next start. */
export type PostgresStopMode = "smart" | "fast" | "immediate";

export interface LocalPostgres {
  /** Of the superuser, to the database `postgres`. */
  readonly adminUrl: string;
  readonly host: string;
  readonly port: number;
  /** Of the running postmaster: another one after each restart. */
  readonly pid: number;
  /** Where the data really is. */
  readonly home: string;
  /** The URL of a database, as a role made by `createDatabase`, or as the superuser. */
  url(database: string, role?: string): string;
  /** Makes a role and a database of that name which it owns, when absent; returns the role's URL. */
  createDatabase(name: string): Promise<string>;
  stop(mode?: PostgresStopMode): Promise<void>;
  /** Kills the postmaster and all its children at once, as a power cut would. */
  kill9(): Promise<void>;
  /** Starts it again, after a stop or kill9 or while it runs, on the same port. */
  restart(): Promise<void>;
  /** Resolves when the running postmaster ends. */
  exited(): Promise<unknown>;
}

const defaultTakeoverTimeoutMs = 10_000;
const startTimeoutMs = 60_000;
const stopGraceMs = 20_000;
const portAttempts = 5;
const stopSignals = { smart: "SIGTERM", fast: "SIGINT", immediate: "SIGQUIT" } as const;

// fsync stays on: tests kill this server and then hold it to what it acknowledged.
const ownSettings = {
  shared_buffers: "128MB",
  max_connections: "200",
  max_wal_size: "1GB",
  unix_socket_directories: "",
  io_method: "sync",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_min_messages: "warning",
};

interface Launch {
  readonly binaries: string;
  readonly cluster: Cluster;
  readonly account: EngineAccount | null;
  readonly host: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** Starts a real Postgres that listens on `host` only (127.0.0.1). As root it runs as an unprivileged user. */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const log = options.log ?? (() => undefined);
  const account = engineAccount();
  const host = options.host ?? "127.0.0.1";
  const binaries = postgresBinaries(account, log);
  const home = postgresHome(options.dataDir, account, log);
  const launch: Launch = {
    binaries,
    cluster: await openCluster(home, binaries, account, options.takeoverTimeoutMs ?? defaultTakeoverTimeoutMs),
    account,
    host,
    settings: { ...ownSettings, ...options.settings },
    logFile: options.logFile ?? join(home, "postgres.log"),
  };
  let { postmaster, port } = await launchOnSomePort(launch, options.port ?? 0);
  const password = launch.cluster.password;
  const url = (database: string, role?: string): string => {
    const secret = role === undefined ? password : rolePassword(password, role);
    return `postgres://${role ?? "postgres"}:${secret}@${host}:${port}/${database}`;
  };
  const kill9 = (): Promise<void> => killPostmaster(postmaster);
  return {
    adminUrl: url("postgres"),
    host,
    port,
    home,
    url,
    kill9,
    get pid() {
      return postmaster.pid;
    },
    exited: () => postmaster.exited,
    async createDatabase(name) {
      await ensureDatabase(url("postgres"), name, rolePassword(password, name));
      return url(name, name);
    },
    async stop(mode = "fast") {
      const children = postmaster.isRunning() ? childrenOf(postmaster.pid) : [];
      await postmaster.stop(stopSignals[mode], stopGraceMs);
      await awaitGone(() => !children.some(isRunning), stopGraceMs);
    },
    async restart() {
      await killPostmaster(postmaster);
      postmaster = await launchOnPort(launch, port);
    },
  };
}

async function launchOnSomePort(launch: Launch, wanted: number): Promise<{ postmaster: ManagedProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted === 0 ? await freePort(launch.host) : wanted;
    try {
      return { postmaster: await launchOnPort(launch, port), port };
    } catch (error) {
      // A free port may have been taken between asking for it and listening on it.
      if (wanted !== 0 || attempt === portAttempts) throw error;
    }
  }
}

async function launchOnPort(launch: Launch, port: number): Promise<ManagedProcess> {
  const settings = { ...launch.settings, listen_addresses: launch.host, port: String(port) };
  const postmaster = startProcess({
    name: "postgres",
    command: join(launch.binaries, "bin/postgres"),
    args: [
      "-D",
      launch.cluster.directory,
      ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    ],
    env: { LC_ALL: "C", TZ: "UTC" },
    cwd: launch.cluster.directory,
    logFile: launch.logFile,
    guardSignal: "QUIT",
    ...(launch.account === null ? {} : { account: launch.account }),
  });
  const deadlineMs = Date.now() + startTimeoutMs;
  while (!(await accepts(launch, port))) {
    if (!postmaster.isRunning() || Date.now() > deadlineMs) {
      await postmaster.kill9();
      throw new Error(`Postgres did not start on port ${port}; its log ends:\n${tailOf(launch.logFile)}`);
    }
    await sleep(30);
  }
  return postmaster;
}

async function accepts(launch: Launch, port: number): Promise<boolean> {
  const client = new Client({
    host: launch.host,
    port,
    user: "postgres",
    database: "postgres",
    password: launch.cluster.password,
    connectionTimeoutMillis: 5_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    // Another server may hold the port: only ours serves this folder.
    const answer = await client.query<{ data_directory: string }>("show data_directory");
    return answer.rows[0]?.data_directory === launch.cluster.directory;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Stops the postmaster first, so that it forks nothing between our listing its children and killing them. */
async function killPostmaster(postmaster: ManagedProcess): Promise<void> {
  if (!postmaster.isRunning()) return;
  process.kill(postmaster.pid, "SIGSTOP");
  const children = childrenOf(postmaster.pid);
  for (const child of children) killQuietly(child);
  await postmaster.kill9();
  await awaitGone(() => !children.some(isRunning), stopGraceMs);
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** Derived from the superuser's, so that a later start knows it without storing it. */
const rolePassword = (superuserPassword: string, role: string): string =>
  createHmac("sha256", superuserPassword).update(`role:${role}`).digest("base64url");

async function ensureDatabase(adminUrl: string, name: string, password: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new Error(`"${name}" is no name for a database`);
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const roles = await client.query("select from pg_roles where rolname = $1", [name]);
    if (roles.rowCount === 0) await client.query(`create role ${name} login password '${password}'`);
    const databases = await client.query("select from pg_database where datname = $1", [name]);
    if (databases.rowCount !== 0) return;
    await client.query(`create database ${name} owner ${name}`);
    await client.query(`revoke connect, temporary on database ${name} from public`);
  } finally {
    await client.end();
  }
}

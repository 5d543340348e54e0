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
  /** Makes a database, a role of that name that may use it and one that owns it, when absent. */
  createDatabase(name: string): Promise<DatabaseUrls>;
  stop(mode?: PostgresStopMode): Promise<void>;
  /** Kills the postmaster and all its children at once, as a power cut would. */
  kill9(): Promise<void>;
  /** Starts it again, after a stop or kill9 or while it runs, on the same port. */
  restart(): Promise<void>;
  /** Resolves when the running postmaster ends. */
  exited(): Promise<unknown>;
}

export interface DatabaseUrls {
  /** Of the role that a service runs as. */
  readonly url: string;
  /** Of the role that owns all that is in the database, and migrates. */
  readonly ownerUrl: string;
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
      const owner = `${name}_owner`;
      await ensureDatabase(url, name, owner, (role) => rolePassword(password, role));
      return { url: url(name, name), ownerUrl: url(name, owner) };
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

async function ensureDatabase(
  url: (database: string) => string,
  name: string,
  owner: string,
  passwordOf: (role: string) => string,
): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,50}$/.test(name)) throw new Error(`"${name}" is no name for a database`);
  const hasDatabase = await asClient(url("postgres"), async (admin) => {
    for (const role of [name, owner]) {
      const roles = await admin.query("select from pg_roles where rolname = $1", [role]);
      if (roles.rowCount === 0) await admin.query(`create role ${role} login password '${passwordOf(role)}'`);
    }
    const databases = await admin.query("select from pg_database where datname = $1", [name]);
    if (databases.rowCount !== 0) return true;
    await admin.query(`create database ${name} owner ${owner}`);
    return false;
  });
  await asClient(url(name), async (admin) => {
    // A cluster of before: there the service's own role owned everything.
    if (hasDatabase) await admin.query(`reassign owned by ${name} to ${owner}`);
    await admin.query(`revoke connect, temporary on database ${name} from public`);
    await admin.query(`grant connect on database ${name} to ${name}`);
  });
}

async function asClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

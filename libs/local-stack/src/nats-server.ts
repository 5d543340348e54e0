import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { type ManagedProcess, type ProcessExit, startProcess, tailOf } from "./process.ts";

export interface NatsOptions {
  /** From `resolveNatsServer`. */
  readonly binary: string;
  /** Made when absent; holds the streams, the configuration and, by default, the log. */
  readonly dataDir: string;
  /** 0 or absent: a free one, kept over restarts. */
  readonly port?: number;
  readonly host?: string;
  readonly logFile?: string;
  /** Blocks of a nats-server's configuration that say who may connect, and how; without them anybody may. */
  readonly access?: string;
}

export interface LocalNats {
  readonly url: string;
  readonly port: number;
  /** As it calls itself; a cluster names the leaders of its streams so. */
  readonly name: string;
  /** Of the running server: another one after each restart. */
  readonly pid: number;
  stop(signal?: NodeJS.Signals): Promise<void>;
  kill9(): Promise<void>;
  /** Starts it again, after a stop or kill9 or while it runs, on the same port and data. */
  restart(): Promise<void>;
  /** While it is stopped: everything that it stored is gone. */
  wipe(): Promise<void>;
  /** Resolves when the running server ends. */
  exited(): Promise<ProcessExit>;
}

const startTimeoutMs = 30_000;
const stopGraceMs = 10_000;
const portAttempts = 5;

/** Starts a real nats-server with JetStream that listens on `host` only (127.0.0.1). */
export async function startNats(options: NatsOptions): Promise<LocalNats> {
  const host = options.host ?? "127.0.0.1";
  let { server, port } = await launchOnSomePort(options, host);
  return {
    url: `nats://${host}:${port}`,
    port,
    name: nameOf(options),
    get pid() {
      return server.pid;
    },
    exited: () => server.exited,
    async stop(signal = "SIGTERM") {
      await server.stop(signal, stopGraceMs);
    },
    async kill9() {
      await server.kill9();
    },
    wipe: () => rm(streamFolder(options), { recursive: true, force: true }),
    async restart() {
      await server.kill9();
      server = await launchOnPort(options, host, port);
    },
  };
}

async function launchOnSomePort(options: NatsOptions, host: string): Promise<{ server: ManagedProcess; port: number }> {
  const wanted = options.port ?? 0;
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted === 0 ? await freePort(host) : wanted;
    try {
      return { server: await launchOnPort(options, host, port), port };
    } catch (error) {
      // A free port may have been taken between asking for it and listening on it.
      if (wanted !== 0 || attempt === portAttempts) throw error;
    }
  }
}

async function launchOnPort(options: NatsOptions, host: string, port: number): Promise<ManagedProcess> {
  const logFile = options.logFile ?? join(options.dataDir, "nats-server.log");
  const name = nameOf(options);
  const configFile = join(options.dataDir, "nats-server.conf");
  mkdirSync(dirname(configFile), { recursive: true });
  writeFileSync(configFile, configuration(options, name, host, port), { mode: 0o600 });
  const server = startProcess({ name: "nats-server", command: options.binary, args: ["-c", configFile], logFile });
  const deadlineMs = Date.now() + startTimeoutMs;
  while (!(await servesJetStream(host, port, name))) {
    if (!server.isRunning() || Date.now() > deadlineMs) {
      await server.kill9();
      throw new Error(`nats-server did not start on port ${port}; its log ends:\n${tailOf(logFile)}`);
    }
    await sleep(20);
  }
  return server;
}

const nameOf = ({ dataDir }: NatsOptions): string =>
  `topdog-${createHash("sha256").update(dataDir).digest("hex").slice(0, 12)}`;

const streamFolder = ({ dataDir }: Pick<NatsOptions, "dataDir">): string => join(dataDir, "jetstream");

/** The file limit is what streams may reserve together, not what they take: libs/contracts declares 11 GiB. */
function configuration({ dataDir, access }: NatsOptions, name: string, host: string, port: number): string {
  const folder = JSON.stringify(streamFolder({ dataDir }));
  return [
    `host: ${JSON.stringify(host)}`,
    `port: ${port}`,
    `server_name: ${name}`,
    `jetstream { store_dir: ${folder}, max_memory_store: 64MB, max_file_store: 32GB }`,
    // A client that vanished keeps its place in a queue group until a ping goes unanswered.
    `ping_interval: "2s"`,
    "ping_max: 2",
    access ?? "",
    "",
  ].join("\n");
}

/** A server greets with INFO; its name says whether it is ours, since another may hold the port. */
function servesJetStream(host: string, port: number, name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    let greeting = "";
    socket.setTimeout(1_000, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
    socket.on("data", (chunk) => {
      greeting += chunk.toString("utf8");
      if (greeting.includes("\r\n")) finish(greeting.includes(`"${name}"`) && /"jetstream":\s*true/.test(greeting));
    });
  });
}

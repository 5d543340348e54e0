import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection, type Status } from "@nats-io/transport-node";
import type { MessagingLogger } from "./logger.ts";

export interface Bus {
  readonly name: string;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly logger: MessagingLogger;
  isConnected(): boolean;
  /** Called after each reconnect: what was broadcast meanwhile is lost. Returns how to stop it. */
  onReconnect(callback: () => void): () => void;
  onDisconnect(callback: () => void): () => void;
  /** Drains: what was received is handled, what was sent is flushed. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly url: string;
  /** The service's name: shown by the server and the `ce-source` of its events. */
  readonly name: string;
  readonly logger: MessagingLogger;
  /** The connection ended though nobody closed it. Without this the process asks itself to stop, with exit code 1. */
  readonly onFatal?: (error: Error) => void;
}

const minimumServer = [2, 12] as const;
const reconnectWaitMs = 200;
const reconnectJitterMs = 300;
const pingIntervalMs = 10_000;
const connectTimeoutMs = 2_000;
const requestTimeoutMs = 1_000;
const waitNoticeMs = 5_000;
const closeTimeoutMs = 5_000;

/** Waits for the first connection and then reconnects for ever. Throws when the server is older than 2.12. */
export async function connectBus(options: ConnectOptions): Promise<Bus> {
  const { logger } = options;
  const notice = setInterval(() => logger.warn({}, "waiting for the bus"), waitNoticeMs);
  const nc = await connect({
    servers: options.url.split(","),
    name: options.name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectJitterMs,
    waitOnFirstConnect: true,
    ignoreAuthErrorAbort: true,
    // Two stack traces a request otherwise, taken before anything went wrong.
    noAsyncTraces: true,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    timeout: connectTimeoutMs,
  }).finally(() => clearInterval(notice));
  try {
    assertServerVersion(nc.info?.version ?? "0.0.0");
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: requestTimeoutMs });
    return watch(nc, jsm, options);
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/** Older servers take newer stream settings silently and ignore them. */
export function assertServerVersion(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantMajor, wantMinor] = minimumServer;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new Error(`the bus runs NATS ${version}; ${minimumServer.join(".")} or newer is needed`);
}

function watch(nc: NatsConnection, jsm: JetStreamManager, options: ConnectOptions): Bus {
  const { logger, name } = options;
  const state = { connected: true, closing: false };
  const reconnected = new Set<() => void>();
  const disconnected = new Set<() => void>();
  const onStatus = (status: Status): void => {
    if (status.type === "disconnect") {
      state.connected = false;
      logger.warn({ server: status.server }, "bus disconnected");
      for (const callback of disconnected) callback();
    } else if (status.type === "reconnect") {
      state.connected = true;
      logger.info({ server: status.server }, "bus reconnected");
      for (const callback of reconnected) callback();
    } else if (status.type === "error") {
      logger.warn({ err: status.error }, "bus reported an error");
    }
  };
  void (async () => {
    for await (const status of nc.status()) onStatus(status);
  })();
  void (async () => {
    const error = await nc.closed();
    state.connected = false;
    if (state.closing) return;
    const cause = new Error("the bus connection ended for good", { cause: error ?? undefined });
    logger.fatal({ err: cause }, "bus connection ended");
    (options.onFatal ?? stopProcess)(cause);
  })();
  return {
    name,
    nc,
    js: jetstream(nc, { timeout: requestTimeoutMs }),
    jsm,
    logger,
    isConnected: () => state.connected,
    onReconnect: (callback) => subscribe(reconnected, callback),
    onDisconnect: (callback) => subscribe(disconnected, callback),
    close: async () => {
      if (state.closing) return;
      state.closing = true;
      await drainOrClose(nc, state.connected);
    },
  };
}

function subscribe(callbacks: Set<() => void>, callback: () => void): () => void {
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

async function drainOrClose(nc: NatsConnection, connected: boolean): Promise<void> {
  if (nc.isClosed()) return;
  // A drain needs the server; without it, or when it hangs, only closing is left.
  const timer = setTimeout(() => void nc.close(), closeTimeoutMs);
  await (connected ? nc.drain() : nc.close()).catch(() => nc.close());
  clearTimeout(timer);
}

function stopProcess(): void {
  process.exitCode = 1;
  process.kill(process.pid, "SIGTERM");
}

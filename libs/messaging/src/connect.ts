import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { connect, TimeoutError, type ConnectionOptions, type NatsConnection } from "@nats-io/transport-node";
import type { Secret } from "@topdog/config/secret";
import { inboxPrefixOf } from "@topdog/contracts/bus-access";
import type { Metrics } from "@topdog/telemetry/metrics";
import { watchConnection } from "./connection-status.ts";
import { type ConsumerShare, fullShare, shareByLabels } from "./consumer-share.ts";
import type { MessagingLogger } from "./logger.ts";
import { busAuthenticator } from "./nkey.ts";

export interface Bus {
  readonly name: string;
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly logger: MessagingLogger;
  /** What this process takes of the durables it consumes. */
  readonly share: ConsumerShare;
  isConnected(): boolean;
  /** Called after each reconnect: what was broadcast meanwhile is lost. Returns how to stop it. */
  onReconnect(callback: () => void): () => void;
  onDisconnect(callback: () => void): () => void;
  /** Drains: what was received is handled, what was sent is flushed. */
  close(): Promise<void>;
}

/** Where the bus is and who this process is there: `busAddress` makes it from a process's configuration. */
export interface BusAddress {
  readonly url: string;
  /** The private half of the service's nkey: a signature proves it, it never leaves this process. */
  readonly seed: Secret | string;
  readonly tls?: BusTls | undefined;
  /** Says this pod's role in a release; when absent, the process takes all the events it can. */
  readonly podLabelsFile?: string | undefined;
}

/** Files in PEM. Without one of an authority, those that this system trusts. */
export interface BusTls {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export interface ConnectOptions extends BusAddress {
  /** The service's name: shown by the server and the `ce-source` of its events. Its inbox is named after it. */
  readonly name: string;
  readonly logger: MessagingLogger;
  /** Counts what the server refused to this identity. */
  readonly metrics?: Metrics | undefined;
  /** How long the first connection may take, all attempts together; for ever when absent. */
  readonly firstConnectMs?: number | undefined;
  /** How long `js` and `jsm` wait for an answer; 1,000 when absent. One that is awaited when the server dies is awaited this long. */
  readonly requestTimeoutMs?: number | undefined;
  /** Ends the wait for the first connection: `connectBus` then rejects. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the connection cannot be used any more. When absent, the process stops itself with exit code 1. */
  readonly onFatal?: (error: Error) => void;
}

const minimumServer = [2, 12] as const;
const retryWaitMs = 200;
const retryJitterMs = 300;
/** A server that is gone is noticed after `maxPingsOut` of these, also when no packet says so. */
const pingIntervalMs = 2_000;
const maxPingsOut = 2;
/** One attempt: TCP, TLS and the proof of identity. */
const connectTimeoutMs = 5_000;
const defaultRequestTimeoutMs = 1_000;
const noticeIntervalMs = 5_000;

/** Waits for the first connection and then reconnects for ever. Throws when the server is older than 2.12. */
export async function connectBus(options: ConnectOptions): Promise<Bus> {
  const nc = await connectFirst(options);
  try {
    assertServerVersion(nc.info?.version ?? "0.0.0");
    const timeout = options.requestTimeoutMs ?? defaultRequestTimeoutMs;
    const jsm = await jetstreamManager(nc, { checkAPI: false, timeout });
    const js = jetstream(nc, { timeout });
    const connection = watchConnection(nc, options);
    const share = options.podLabelsFile === undefined ? fullShare : shareByLabels(options.podLabelsFile);
    const close = async (): Promise<void> => {
      share.close();
      await connection.close();
    };
    return { ...connection, name: options.name, nc, js, jsm, logger: options.logger, share, close };
  } catch (error) {
    await nc.close();
    throw error;
  }
}

/** Tries again until it works or `firstConnectMs` are over, and says every few seconds why it does not. */
async function connectFirst(options: ConnectOptions): Promise<NatsConnection> {
  const { logger, signal, firstConnectMs = Number.POSITIVE_INFINITY } = options;
  const startedMs = performance.now();
  let noticeAtMs = startedMs;
  let reason: unknown;
  for (;;) {
    const leftMs = firstConnectMs - (performance.now() - startedMs);
    const timeoutMs = Math.min(connectTimeoutMs, Math.max(leftMs, 1));
    const attempt = async () => connect(connectionOptions(options, timeoutMs));
    const outcome = await attempt().catch((error: unknown) => ({ error }));
    if (!("error" in outcome)) return outcome;
    // The last attempts may have had too little time to be refused: that they had says nothing.
    if (reason === undefined || !(outcome.error instanceof TimeoutError)) reason = outcome.error;
    const waitMs = retryWaitMs + Math.random() * retryJitterMs;
    if (leftMs <= waitMs) {
      throw new Error(`no connection to the bus at ${options.url} within ${firstConnectMs} ms`, { cause: reason });
    }
    if (performance.now() >= noticeAtMs) {
      logger.warn({ err: outcome.error, servers: options.url }, "waiting for the bus");
      noticeAtMs = performance.now() + noticeIntervalMs;
    }
    await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
  }
}

function connectionOptions({ url, name, seed, tls }: ConnectOptions, timeoutMs: number): ConnectionOptions {
  const secret = typeof seed === "string" ? seed : seed.reveal();
  return {
    servers: url.split(","),
    name,
    authenticator: busAuthenticator(secret),
    inboxPrefix: inboxPrefixOf(name),
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryWaitMs,
    reconnectJitter: retryJitterMs,
    ignoreAuthErrorAbort: true,
    // Otherwise every request captures two stack traces before anything has gone wrong.
    noAsyncTraces: true,
    pingInterval: pingIntervalMs,
    maxPingOut: maxPingsOut,
    timeout: timeoutMs,
    // Refuses a server, or anybody between, that offers no TLS.
    ...(tls === undefined && !/(^|,)tls:/.test(url) ? {} : { tls: tlsFiles(tls ?? {}) }),
  };
}

const tlsFiles = ({ caFile, certFile, keyFile }: BusTls): NonNullable<ConnectionOptions["tls"]> => ({
  ...(caFile === undefined ? {} : { caFile }),
  ...(certFile === undefined ? {} : { certFile }),
  ...(keyFile === undefined ? {} : { keyFile }),
});

/** Older servers take newer stream settings silently and ignore them. */
export function assertServerVersion(version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantMajor, wantMinor] = minimumServer;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return;
  throw new Error(`the bus runs NATS ${version}; ${minimumServer.join(".")} or newer is needed`);
}

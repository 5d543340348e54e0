import { PermissionViolationError, type NatsConnection, type Status } from "@nats-io/transport-node";
import type { Metrics } from "@topdog/telemetry/metrics";
import type { MessagingLogger } from "./logger.ts";
import { createRefusalCounter } from "./metrics.ts";

export interface WatchOptions {
  readonly logger: MessagingLogger;
  readonly metrics?: Metrics | undefined;
  readonly onFatal?: (error: Error) => void;
}

/** The part of a `Bus` that tells the state of its connection. */
export interface WatchedConnection {
  isConnected(): boolean;
  onReconnect(callback: () => void): () => void;
  onDisconnect(callback: () => void): () => void;
  close(): Promise<void>;
}

const closeTimeoutMs = 5_000;

/** Logs a connection's changes, counts what the server refuses, and tells the process when it cannot be used any more. */
export function watchConnection(nc: NatsConnection, options: WatchOptions): WatchedConnection {
  const { logger } = options;
  const fail = options.onFatal ?? stopProcess;
  const state = { connected: true, closing: false };
  const reconnected = new Set<() => void>();
  const disconnected = new Set<() => void>();
  const onRefused = refusalWatch(options, fail);
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
      if (status.error instanceof PermissionViolationError) onRefused(status.error);
      else logger.warn({ err: status.error }, "bus reported an error");
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
    fail(cause);
  })();
  return {
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

/** A refused publish fails where somebody waits for it. After a refused subscription this process would miss messages. */
function refusalWatch({ logger, metrics }: WatchOptions, fail: (error: Error) => void) {
  const refused = metrics === undefined ? undefined : createRefusalCounter(metrics);
  return (error: PermissionViolationError): void => {
    const { operation, subject } = error;
    refused?.inc({ operation }, 1);
    if (operation === "publish") {
      logger.error({ err: error, subject }, "the bus does not permit this service to publish that");
    } else {
      logger.fatal({ err: error, subject }, "the bus does not permit this service to hear that");
      fail(error);
    }
  };
}

/** Whether the bus refused an operation for want of permission: no retry helps. */
export function isPermissionRefusal(error: unknown): boolean {
  if (error instanceof PermissionViolationError) return true;
  return error instanceof Error && error.cause !== undefined && isPermissionRefusal(error.cause);
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

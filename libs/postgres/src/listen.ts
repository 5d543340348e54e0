import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import type { Database } from "./pool.ts";

export interface ListenOptions {
  readonly db: Database;
  /** Of lower-case letters, digits and underscores. */
  readonly channel: string;
  /** At each notification, and whenever listening begins: what was notified before that was not heard. Must not throw. */
  readonly onNotified: () => void;
  /** Once each time that listening ends by itself, or cannot begin; it is tried again for ever. */
  readonly onLost: (error: unknown) => void;
}

const retryMs = 500;
/** Of a server that hangs no goodbye is awaited for longer. */
const endTimeoutMs = 1_000;

/** Hears what others notify, on a connection of its own beside the pool's. Returns how to stop. */
export function listen(options: ListenOptions): () => Promise<void> {
  const stopping = new AbortController();
  const running = listenAgain(options, stopping.signal);
  return async () => {
    stopping.abort();
    await running;
  };
}

async function listenAgain(options: ListenOptions, signal: AbortSignal): Promise<void> {
  let isTold = false;
  const onNotified = (): void => {
    isTold = false;
    options.onNotified();
  };
  while (!signal.aborted) {
    try {
      await listenUntilLost({ ...options, onNotified }, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isTold) options.onLost(error);
      isTold = true;
    }
    await sleep(retryMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Throws when the connection fails, when the server ends it, and on the signal. */
async function listenUntilLost({ db, channel, onNotified }: ListenOptions, signal: AbortSignal): Promise<never> {
  const connection = (await db.client.acquireRawConnection()) as Client;
  // A connection that fails says so more than once, and an error that nobody listens for ends the process.
  connection.on("error", () => undefined);
  connection.on("notification", onNotified);
  try {
    signal.throwIfAborted();
    const ended = once(connection, "end", { signal });
    await Promise.all([ended, connection.query(`listen ${channel}`).then(onNotified)]);
    throw new Error("the server ended the connection");
  } finally {
    await Promise.race([connection.end(), sleep(endTimeoutMs, undefined, { ref: false })]);
  }
}

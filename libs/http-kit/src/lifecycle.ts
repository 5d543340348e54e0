import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { drainEvent, drainOverEvent } from "./create-server.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** Resolves when connections are accepted; rejects when the address cannot be had. */
export async function listen(server: Server, { host, port }: ListenOptions): Promise<{ port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port };
}

const idleSweepMs = 50;
/** For last words to reach clients that read. */
const lastWordsMs = 250;

/**
 * Stops accepting, closes idle connections, and lets answers in progress finish, streams too; after `graceMs` the rest
 * is told by `drainOverEvent` and soon destroyed. Resolves to whether all could finish.
 */
export async function drainServer(server: Server, { graceMs }: { graceMs: number }): Promise<{ finished: boolean }> {
  if (!server.listening) return { finished: true };
  server.emit(drainEvent);
  let finished = true;
  await new Promise<void>((resolve) => {
    // node:http does not close a connection that becomes idle after this call: we must.
    const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
    let lastWords: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => {
      finished = false;
      server.emit(drainOverEvent);
      lastWords = setTimeout(() => server.closeAllConnections(), lastWordsMs);
    }, graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(deadline);
      clearTimeout(lastWords);
      resolve();
    });
    server.closeIdleConnections();
  });
  return { finished };
}

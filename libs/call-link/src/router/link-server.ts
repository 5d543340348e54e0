import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { IncomingCall } from "../call.ts";
import type { SigningKey, TrustedKeys } from "../handshake.ts";
import type { LinkTls } from "../tls-files.ts";
import { RouterConnection, type RouterConnectionDeps, type RouterLoad } from "./router-connection.ts";

/** A server has TLS when it has a certificate. With `ca`, a gateway must show a certificate of that authority. */
function hasTls({ cert, key }: LinkTls): boolean {
  if ((cert === undefined) !== (key === undefined)) throw new Error("a certificate and its key go together");
  return cert !== undefined;
}

export interface LinkServerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: LinkTls;
  readonly key: SigningKey;
  readonly gateways: TrustedKeys;
  readonly maxCalls: number;
  readonly maxBodyBytes: number;
  readonly maxBodyBytesTotal: number;
  /** From connecting until both sides have proved who they are. */
  readonly handshakeTimeoutMs: number;
  /** A gateway that sends nothing for so long, not even a ping, is gone. */
  readonly silenceTimeoutMs: number;
  onCall(call: IncomingCall): void;
  onBug(error: unknown): void;
  /** A connection closed for another reason than that one side ended it. */
  onFault(cause: Error): void;
}

export interface LinkServer {
  start(): Promise<{ port: number }>;
  /** Lets running calls end, for `graceMs` at most. New ones go to other routers. */
  stop(graceMs: number): Promise<void>;
  connections(): number;
  calls(): number;
}

/** Strangers that are connected at once; each costs one signature check at most. */
const maxUnproven = 128;

/** Takes calls from gateways over authenticated links. */
export function createLinkServer(options: LinkServerOptions): LinkServer {
  const load: RouterLoad = { calls: 0, bodyBytes: 0 };
  const open = new Map<RouterConnection, { silentSinceMs: number | null; deadline: NodeJS.Timeout | null }>();
  let unproven = 0;
  let onAllClosed: (() => void) | null = null;

  const prove = (connection: RouterConnection): void => {
    const state = open.get(connection);
    if (state === undefined || state.deadline === null) return;
    clearTimeout(state.deadline);
    state.deadline = null;
    unproven -= 1;
  };
  const { key, gateways, maxCalls, maxBodyBytes, maxBodyBytesTotal } = options;
  const deps: RouterConnectionDeps = {
    key,
    gateways,
    maxCalls,
    maxBodyBytes,
    maxBodyBytesTotal,
    load,
    onCall: (call) => options.onCall(call),
    onBug: (error) => options.onBug(error),
    onReady: prove,
    onClosed(connection, cause) {
      prove(connection);
      open.delete(connection);
      if (cause !== undefined) options.onFault(cause);
      if (open.size === 0) onAllClosed?.();
    },
  };
  const accept = (socket: Socket): void => {
    if (unproven >= maxUnproven || onAllClosed !== null) {
      socket.destroy();
      return;
    }
    unproven += 1;
    const connection = new RouterConnection(socket, deps);
    const late = (): void => connection.destroy(new Error("the handshake took too long"));
    open.set(connection, { silentSinceMs: null, deadline: setTimeout(late, options.handshakeTimeoutMs) });
  };
  const server = hasTls(options.tls) ? tlsServer(options, accept) : createServer(accept);
  const sweep = setInterval(() => {
    const nowMs = performance.now();
    for (const [connection, state] of open) {
      if (connection.takeHeard()) state.silentSinceMs = null;
      else state.silentSinceMs ??= nowMs;
      const silentMs = state.silentSinceMs === null ? 0 : nowMs - state.silentSinceMs;
      if (silentMs > options.silenceTimeoutMs) connection.destroy(new Error("the gateway has fallen silent"));
    }
  }, options.silenceTimeoutMs / 4);

  return {
    start: () => listen(server, options.host, options.port),
    async stop(graceMs) {
      clearInterval(sweep);
      const closed = new Promise<void>((resolve) => {
        onAllClosed = resolve;
        if (open.size === 0) resolve();
      });
      server.close();
      for (const connection of open.keys()) connection.drain();
      const cut = setTimeout(() => {
        for (const connection of open.keys()) connection.destroy();
      }, graceMs);
      await closed;
      clearTimeout(cut);
    },
    connections: () => open.size - unproven,
    calls: () => load.calls,
  };
}

function tlsServer(options: LinkServerOptions, accept: (socket: Socket) => void): Server {
  const { ca } = options.tls;
  const server = createTlsServer(
    {
      ...options.tls,
      requestCert: ca !== undefined,
      rejectUnauthorized: ca !== undefined,
      minVersion: "TLSv1.3",
      handshakeTimeout: options.handshakeTimeoutMs,
    },
    accept,
  );
  server.on("tlsClientError", (error) => options.onFault(error));
  return server;
}

function listen(server: Server, host: string, port: number): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

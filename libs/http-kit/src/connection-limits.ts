import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";
import type { ClientAddresses } from "./client-address.ts";

export type ConnectionLimit = "connections" | "connections_of_address" | "opening_connections";

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Not applied to our own proxies, which speak for many clients. */
  readonly maxPerAddress: number;
  /** Connections whose first request's headers have not come yet. */
  readonly maxOpening: number;
  readonly addresses: Pick<ClientAddresses, "ofSocket" | "isProxy">;
  readonly onRefused: (limit: ConnectionLimit) => void;
}

export interface Connections {
  open(): number;
  opening(): number;
}

/**
 * Bounds a server's connections. When the process is full, the one that has waited longest for its first headers is closed: an
 * ordinary client sends them at once. A later request's headers are bounded by the server's timeout for headers alone.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): Connections {
  const { addresses } = limits;
  const opening = new Set<Socket>();
  const perAddress = new Map<string, number>();
  let open = 0;

  function refuse(socket: Socket, limit: ConnectionLimit): void {
    limits.onRefused(limit);
    socket.destroy();
  }
  /** False when no connection waits for its first headers. */
  function dropOldestOpening(limit: ConnectionLimit): boolean {
    const [oldest] = opening;
    if (oldest === undefined) return false;
    opening.delete(oldest);
    refuse(oldest, limit);
    return true;
  }
  function countAddress(address: string, change: 1 | -1): void {
    const count = (perAddress.get(address) ?? 0) + change;
    if (count === 0) perAddress.delete(address);
    else perAddress.set(address, count);
  }

  server.on("connection", (socket: Socket) => {
    const address = addresses.isProxy(socket) ? null : addresses.ofSocket(socket);
    if (address !== null && (perAddress.get(address) ?? 0) >= limits.maxPerAddress)
      return refuse(socket, "connections_of_address");
    if (open >= limits.maxConnections && !dropOldestOpening("connections")) return refuse(socket, "connections");
    if (opening.size >= limits.maxOpening) dropOldestOpening("opening_connections");
    open += 1;
    opening.add(socket);
    if (address !== null) countAddress(address, 1);
    socket.once("close", () => {
      open -= 1;
      opening.delete(socket);
      if (address !== null) countAddress(address, -1);
    });
  });
  const hasOpened = (req: IncomingMessage): void => void opening.delete(req.socket);
  for (const event of ["request", "checkContinue", "checkExpectation"]) server.prependListener(event, hasOpened);
  return { open: () => open, opening: () => opening.size };
}

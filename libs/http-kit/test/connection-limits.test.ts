import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { createClientAddresses, type AddressRange } from "@topdog/http-kit/client-address";
import { limitConnections, type ConnectionLimit, type Connections } from "@topdog/http-kit/connection-limits";
import { eventually } from "@topdog/testing/eventually";
import { closeServed, serve } from "./served.ts";

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await closeServed();
});

interface Limited {
  readonly connections: Connections;
  readonly refused: ConnectionLimit[];
  readonly open: (text?: string) => Promise<Socket>;
}

const wide = { maxConnections: 100, maxPerAddress: 100, maxOpening: 100 };

async function limited(limits: Partial<typeof wide>, proxies: AddressRange[] = []): Promise<Limited> {
  const refused: ConnectionLimit[] = [];
  const server: Server = createServer((_req, res) => res.end("hello"));
  const connections = limitConnections(server, {
    ...wide,
    ...limits,
    addresses: createClientAddresses(proxies),
    onRefused: (limit) => refused.push(limit),
  });
  const url = new URL(await serve(server));
  return {
    connections,
    refused,
    open: async (text = "") => {
      const socket = connect(Number(url.port), "127.0.0.1");
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.resume();
      const before = connections.open() + refused.length;
      await new Promise((resolve) => socket.once("connect", resolve));
      if (text !== "") socket.write(text);
      await eventually(() => expect(connections.open() + refused.length).toBeGreaterThan(before));
      return socket;
    },
  };
}
const request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const isGone = (socket: Socket): Promise<void> => eventually(() => expect(socket.destroyed).toBe(true));

test("one address has no more connections than its limit, unless it is a proxy of ours", async () => {
  const { open, refused, connections } = await limited({ maxPerAddress: 2 });
  const [first] = [await open(request), await open(request)];
  await isGone(await open());
  expect([refused, connections.open()]).toEqual([["connections_of_address"], 2]);
  first.destroy();
  await eventually(() => expect(connections.open()).toBe(1));
  await open(request);
  expect(connections.open()).toBe(2);

  const behindProxy = await limited({ maxPerAddress: 2 }, [{ address: "127.0.0.1", prefixBits: 32 }]);
  for (let n = 0; n < 4; n += 1) await behindProxy.open();
  expect(behindProxy.refused).toEqual([]);
});

test("of connections that never send their headers the oldest is closed when there are too many", async () => {
  const { open, refused, connections } = await limited({ maxOpening: 2 });
  const served = await open(request);
  await eventually(() => expect(connections.opening()).toBe(0));
  const oldest = await open("GET / HT");
  await open("GET / HT");
  await open();
  await isGone(oldest);
  expect([refused, connections.opening(), served.destroyed]).toEqual([["opening_connections"], 2, false]);
});

test("a full process closes a connection without headers for a new one; when there is none, it closes the new one", async () => {
  const { open, refused, connections } = await limited({ maxConnections: 2 });
  await open(request);
  const idle = await open();
  await open(request);
  await isGone(idle);
  await eventually(() => expect(connections.opening()).toBe(0));
  await isGone(await open());
  expect(refused).toEqual(["connections", "connections"]);
  await eventually(() => expect(connections.open()).toBe(2));
});

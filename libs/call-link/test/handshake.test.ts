import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { frameTypes } from "../src/frame.ts";
import { FrameReader } from "../src/frame-reader.ts";
import { FrameWriter } from "../src/frame-writer.ts";
import { encodeHello, makeHello, signProof, type Hello } from "../src/handshake.ts";
import { ask, echo, gatewayKeys, keyRing, opened, routerKeys, startLinks, startServer } from "./link-rig.ts";

const releases: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).toReversed()) await release();
});

async function router(over: Parameters<typeof startServer>[1] = {}): Promise<Awaited<ReturnType<typeof startServer>>> {
  const server = await startServer(echo, over);
  releases.push(() => server.stop(0));
  return server;
}

/** Sends frames by hand, so that it can send wrong ones. */
function rawEnd(socket: Socket, onFrame: (type: number, payload: Buffer) => void): FrameWriter {
  const reader = new FrameReader({
    onFrame: (type, _number, payload) => onFrame(type, payload),
    onData: () => undefined,
  });
  reader.authenticated();
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  socket.on("error", () => undefined);
  return new FrameWriter(socket, () => undefined);
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once("close", () => resolve());
  });

test("a gateway whose key the router does not know carries no call", async () => {
  const server = await router();
  const stranger = keyRing("gateway-1");
  const links = startLinks([server.port], { key: stranger.key });
  releases.push(() => links.stop());
  const { failure } = await ask(links, opened(null)).answer;
  expect(failure?.reason).toBe("unreachable");
  expect(server.faults.map(({ message }) => message)).toContain("the other side is not a gateway that we know");
});

test("a router whose key the gateway does not know gets no call", async () => {
  const server = await router({ key: keyRing("router-1").key });
  const links = startLinks([server.port]);
  releases.push(() => links.stop());
  const { failure } = await ask(links, opened(null)).answer;
  expect([failure?.reason, failure?.cause?.message]).toEqual([
    "unreachable",
    "the other side is not a router that we know",
  ]);
});

test("while keys are rotated two of them are known on either side", async () => {
  const [nextGateway, nextRouter] = [keyRing("gateway-2"), keyRing("router-2")];
  const gateways = new Map([...gatewayKeys.trusted, ...nextGateway.trusted]);
  const routers = new Map([...routerKeys.trusted, ...nextRouter.trusted]);
  for (const [gateway, ofRouter] of [
    [gatewayKeys, routerKeys],
    [nextGateway, routerKeys],
    [nextGateway, nextRouter],
  ] as const) {
    const server = await router({ gateways, key: ofRouter.key });
    const links = startLinks([server.port], { key: gateway.key, routers });
    releases.push(() => links.stop());
    expect((await ask(links, opened(null)).answer).status).toBe(200);
  }
});

/** Connects with a recorded or made-up proof. */
async function connectWith(
  port: number,
  hello: Hello,
  prove: (router: Hello, socket: Socket) => Buffer,
): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  let isAccepted = false;
  const writer = rawEnd(socket, (type, payload) => {
    if (type === frameTypes.hello)
      writer.bytes(frameTypes.proof, 0, prove(JSON.parse(payload.toString()) as Hello, socket));
    if (type === frameTypes.proof) {
      isAccepted = true;
      socket.destroy();
    }
  });
  writer.text(frameTypes.hello, 0, encodeHello(hello));
  await closed(socket);
  return isAccepted;
}

test("a proof holds for one connection only: neither replayed nor sent back to its sender does it open another", async () => {
  const server = await router();
  const hello = makeHello("gateway", "gateway-1");
  let recorded: Buffer | null = null;
  const honest = await connectWith(server.port, hello, (ofRouter, socket) => {
    recorded = signProof("gateway", gatewayKeys.key, { gateway: hello, router: ofRouter, socket });
    return recorded;
  });
  expect(honest).toBe(true);
  expect(await connectWith(server.port, hello, () => recorded as unknown as Buffer)).toBe(false);
  // Signed by a gateway's key, but as if it were the router's proof.
  const asRouter = await connectWith(server.port, hello, (ofRouter, socket) =>
    signProof("router", gatewayKeys.key, { gateway: hello, router: ofRouter, socket }),
  );
  expect(asRouter).toBe(false);
});

test("a router that sends a gateway's own frames back to it gets no call", async () => {
  const mirror = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  await new Promise<void>((resolve) => {
    mirror.listen(0, "127.0.0.1", resolve);
  });
  releases.push(() => mirror.close());
  const links = startLinks([(mirror.address() as AddressInfo).port]);
  releases.push(() => links.stop());
  const { failure } = await ask(links, opened(null)).answer;
  expect(failure?.cause?.message).toBe("the other side is no router");
});

test("a call before the proof closes the connection, and so does silence", async () => {
  const server = await router({ handshakeTimeoutMs: 200 });
  const eager = connect(server.port, "127.0.0.1");
  const writer = rawEnd(eager, () => undefined);
  writer.text(frameTypes.hello, 0, encodeHello(makeHello("gateway", "gateway-1")));
  writer.text(frameTypes.open, 1, "[]");
  await closed(eager);
  const silent = connect(server.port, "127.0.0.1");
  silent.on("error", () => undefined);
  await closed(silent);
  expect(server.faults.map(({ message }) => message)).toEqual([
    "a frame before the proof",
    "the handshake took too long",
  ]);
});

test("strangers that keep silent do not keep a gateway out for longer than the handshake may take", async () => {
  const server = await router({ handshakeTimeoutMs: 300 });
  const strangers = Array.from({ length: 200 }, () => connect(server.port, "127.0.0.1").on("error", () => undefined));
  releases.push(() => strangers.forEach((socket) => socket.destroy()));
  const links = startLinks([server.port]);
  releases.push(() => links.stop());
  await eventually(async () => expect((await ask(links, opened(null)).answer).status).toBe(200));
});

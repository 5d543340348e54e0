import { connect as netConnect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { usageConsumed, usageIdOf, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { freePort } from "@topdog/local-stack/free-port";
import { eventually } from "@topdog/testing/eventually";
import { usagesIn } from "@topdog/testing/usage-messages";
import { answerJson, type RouterAnswer, type RouterScript, startFakeRouter } from "./fake-router.ts";
import { chatBody, errorOf, startPlatform, type Gateway, type Platform } from "./platform.ts";

let platform: Platform;
let gateway: Gateway;
const usages: UsageConsumed[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  gateway = await platform.startGateway();
  platform.nats.bus.nc.subscribe(usageConsumed.subject, {
    callback: (_, message) => void usages.push(...usagesIn(message.string())),
  });
  await platform.nats.bus.nc.flush();
});
afterEach(() => {
  platform.router.script = answerJson;
});
afterAll(() => platform.stop());

const event = (text: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;
const sse: RouterScript = (res) => void res.writeHead(200, { "content-type": "text/event-stream" }).write(event("one"));

/** Sends a call by hand and gives the socket: for clients that vanish or do not read. */
function rawCall(key: string, onText: (text: string, socket: Socket) => void = () => undefined): Socket {
  const socket = netConnect(gateway.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => onText(chunk.toString(), socket));
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: ${chatBody.length}\r\n\r\n${chatBody}`,
  );
  return socket;
}

describe("a streamed answer", () => {
  test("passes chunk by chunk as it comes, with the limits' headers", async () => {
    const { key } = platform.newKey();
    let all = "";
    // Each event is sent only when the client has the one before it.
    const answer = Promise.withResolvers<RouterAnswer>();
    platform.router.script = (res, seen) => {
      sse(res, seen);
      answer.resolve(res);
    };
    const socket = rawCall(key, (text) => {
      all += text;
    });
    const res = await answer.promise;
    await eventually(() => expect(all).toContain("one"));
    res.write(event("two"));
    await eventually(() => expect(all).toContain("two"));
    res.end("data: [DONE]\n\n");
    await eventually(() => expect(all).toContain("[DONE]"));
    socket.destroy();
    expect(all).toMatch(/x-ratelimit-source: personal/i);
  });

  test("that breaks ends with OpenAI's error event and no [DONE]; the router owns its record, so nothing is published", async () => {
    const { key } = platform.newKey();
    const published = usages.length;
    platform.router.script = (res, seen) => {
      sse(res, seen);
      setTimeout(() => res.cut(), 50);
    };
    const answer = await gateway.call(key);
    const last = answer.text.trim().split("\n\n").at(-1) ?? "";
    expect(JSON.parse(last.slice("data: ".length))).toMatchObject({
      error: { code: "router_unavailable", type: "server_error" },
    });
    expect(answer.text).not.toContain("[DONE]");
    expect(usages.length).toBe(published);
  });

  test("that falls silent is ended with an error event and given up at its router", async () => {
    const { key } = platform.newKey();
    platform.router.script = sse;
    const impatient = await platform.startGateway({ CHUNK_TIMEOUT_MS: "700" });
    const answer = await impatient.call(key);
    expect(answer.text).toContain("upstream_timeout");
    await eventually(() => expect(platform.router.openAnswers()).toBe(0));
  });

  test("that breaks within an event, or is not an event stream, is cut so that no client takes it for complete", async () => {
    const { key } = platform.newKey();
    platform.router.script = (res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).write('data: {"half');
      setTimeout(() => res.cut(), 30);
    };
    await expect(gateway.call(key)).rejects.toThrow(/closed|terminated/);
    platform.router.script = (res) => {
      res.writeHead(200, { "content-type": "application/json" }).write('{"half');
      setTimeout(() => res.cut(), 30);
    };
    await expect(gateway.call(key)).rejects.toThrow(/closed|terminated/);
  });
});

describe("a client that goes", () => {
  test("has its call at the router aborted, and 300 of them leave nothing behind", async () => {
    const { key, principal } = platform.newKey({ apiCalls: 10_000, llmRequests: 10_000 });
    expect((await gateway.call(key)).status).toBe(200);
    platform.router.script = sse;
    const before = platform.router.seen.length;
    const sockets: Socket[] = [];
    const gone = new Set<string>();
    for (let n = 0; n < 300; n += 1) {
      const socket = rawCall(key, (text, one) => {
        // It leaves whatever it is answered; the router of a running stream is told.
        if (text.includes("one")) gone.add(/x-request-id: (\S+)/i.exec(text)?.[1] ?? "");
        one.destroy();
      });
      // Some go at once, some during admission, some in the middle of the stream.
      if (n % 3 === 0) setTimeout(() => socket.destroy(), n % 7);
      sockets.push(socket);
      if (n % 50 === 49) await sleep(20);
    }
    await eventually(() => expect(sockets.every((socket) => socket.destroyed)).toBe(true), { timeoutMs: 60_000 });
    expect(gone.size).toBeGreaterThan(0);
    await eventually(() => expect(platform.router.openAnswers()).toBe(0));
    for (const seen of platform.router.seen.slice(before)) {
      if (gone.has(seen.requestId)) expect(seen.abortedMs).not.toBeNull();
    }
    await eventually(async () => expect(await gateway.metric("topdog_gateway_calls_in_flight")).toBe(0));
    platform.router.script = answerJson;
    expect((await gateway.call(key)).status).toBe(200);
    expect(principal.orgId).toBeNull();
  });

  test("or that does not read holds back the router instead of filling our memory", async () => {
    const { key } = platform.newKey();
    const chunk = Buffer.alloc(64 * 1024, 97);
    const totalBytes = 128 * 1024 * 1024;
    let written = 0;
    let done = false;
    platform.router.script = (res) => {
      res.writeHead(200, { "content-type": "application/octet-stream" });
      const pour = (): void => {
        while (written < totalBytes) {
          written += chunk.length;
          if (!res.write(chunk)) return;
        }
        done = true;
        res.end();
      };
      res.onDrain(pour);
      pour();
    };
    let received = 0;
    const socket = rawCall(key, (text) => {
      received += text.length;
    });
    socket.pause();
    // Until the socket takes no more bytes.
    let before = -1;
    await eventually(
      () => {
        const last = before;
        before = written;
        expect(last > 0 && written === last).toBe(true);
      },
      { intervalMs: 500, timeoutMs: 60_000 },
    );
    // The kernel's buffers of two hops, some 10 MB each, and not what the answer still has to come.
    const heldBack = written;
    expect(heldBack).toBeLessThan(48 * 1024 * 1024);
    socket.resume();
    await eventually(() => expect(done && received > totalBytes).toBe(true), { timeoutMs: 60_000 });
    socket.destroy();
  });
});

describe("a call that no router answered", () => {
  test("is published as failed with its tokens back, once, and a router that comes up is found by the one retry", async () => {
    const port = await freePort("127.0.0.1");
    const other = await platform.startGateway({ ROUTER_URL: `link://127.0.0.1:${port}` });
    const { key, principal } = platform.newKey();
    const answer = await other.call(key);
    expect([answer.status, errorOf(answer).code, answer.headers["retry-after"]]).toEqual([
      502,
      "router_unavailable",
      "1",
    ]);
    const id = answer.headers["x-request-id"];
    await eventually(() => expect(usages.filter((one) => one.requestId === id)).toHaveLength(1));
    const usage = usages.find((one) => one.requestId === id) as UsageConsumed;
    expect(usage).toMatchObject({
      outcome: "failed",
      refund: true,
      endpoint: "chat.completions",
      userId: principal.userId,
      source: "personal",
    });
    expect([usage.charges.map((one) => one.meter), usageIdOf(usage)]).toEqual([
      ["api_calls", "llm_requests"],
      `${usage.charges[0]?.leaseId}:1`,
    ]);

    const both = await platform.startGateway({ ROUTER_URL: `link://127.0.0.1:${port},${platform.router.url}` });
    for (let n = 0; n < 4; n += 1) expect((await both.call(key)).status).toBe(200);
    const revived = await startFakeRouter(port);
    expect((await other.call(key)).status).toBe(200);
    await revived.stop();
  });
});

test("a call that a router turns away unrecorded is published by the gateway, with its tokens back", async () => {
  const { key } = platform.newKey();
  platform.router.script = (res) => {
    res.isAccountedFor = false;
    res.writeHead(503, { "content-type": "application/json" }).end('{"error":{}}');
  };
  const answer = await gateway.call(key);
  expect(answer.status).toBe(503);
  const id = answer.headers["x-request-id"];
  await eventually(() =>
    expect(usages.filter((one) => one.requestId === id)).toMatchObject([{ outcome: "failed", refund: true }]),
  );
});

test("a gateway that is stopped lets its streams end, takes no more calls, and gives its leases back", async () => {
  const stopping = await platform.startGateway({ SHUTDOWN_GRACE_MS: "30000" });
  const stopBegun = Promise.withResolvers<void>();
  const { key, principal } = platform.newKey();
  platform.router.script = (res, seen) => {
    sse(res, seen);
    void stopBegun.promise.then(() => res.end("data: [DONE]\n\n"));
  };
  const running = stopping.call(key);
  await eventually(() => expect(platform.router.openAnswers()).toBe(1));
  const done = running.then((answer) => answer.text);
  const stop = stopping.stop();
  stopBegun.resolve();
  expect(await done).toContain("[DONE]");
  await stop;
  expect(platform.quota.held(principal.buckets.personal, "api_calls")).toBe(0);
  expect(platform.quota.used(principal.buckets.personal, "api_calls")).toBe(1);
});

test("a stop whose grace runs out ends streams with the dialect's error event, and does not book them as the clients' leaving", async () => {
  const stopping = await platform.startGateway({ SHUTDOWN_GRACE_MS: "200" });
  const { key } = platform.newKey();
  platform.router.script = sse;
  const running = [stopping.call(key), stopping.call(key)];
  await eventually(() => expect(platform.router.openAnswers()).toBe(2));
  const calls = platform.router.seen.slice(-2);
  const [answers] = await Promise.all([Promise.all(running), stopping.stop()]);
  for (const { text } of answers) {
    const last = text.trim().split("\n\n").at(-1) ?? "";
    expect(JSON.parse(last.slice("data: ".length))).toMatchObject({ error: { code: "shutting_down" } });
    expect(text).not.toContain("[DONE]");
  }
  await eventually(() => expect(calls.map(({ isLost }) => isLost)).toEqual([true, true]));
});

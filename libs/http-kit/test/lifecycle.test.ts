import { Agent, createServer, get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createHttpServer, drainEvent } from "@topdog/http-kit/create-server";
import { drainServer, listen } from "@topdog/http-kit/lifecycle";
import express from "express";
import { closeServed, serve } from "./served.ts";

const agents: Agent[] = [];
afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await closeServed();
});

/** Streams `chunks` lines, one every 40 ms. */
function streamingServer(chunks: number) {
  const app = express();
  app.get("/stream", (_req, res) => {
    let sent = 0;
    const timer = setInterval(() => {
      sent += 1;
      res.write(`${sent}\n`);
      if (sent < chunks) return;
      clearInterval(timer);
      res.end();
    }, 40);
    res.once("close", () => clearInterval(timer));
  });
  app.get("/slow", (_req, res) => void server.once(drainEvent, () => setTimeout(() => res.send("done"), 50)));
  app.get("/quick", (_req, res) => void res.send("done"));
  const server = createHttpServer(app);
  return server;
}

function keepAliveAgent(): Agent {
  const agent = new Agent({ keepAlive: true });
  agents.push(agent);
  return agent;
}

const request = async (url: string, agent = keepAliveAgent()): Promise<IncomingMessage> =>
  ((await once(get(url, { agent }), "response")) as [IncomingMessage])[0];

describe("draining", () => {
  test("a stream in progress reaches its end, then the server is closed and takes nobody new", async () => {
    const server = streamingServer(6);
    const origin = await serve(server);
    const stream = await request(`${origin}/stream`);
    const body = text(stream);
    const drained = drainServer(server, { graceMs: 5000 });
    await expect(request(`${origin}/quick`)).rejects.toThrow(/ECONNREFUSED/);
    expect(await body).toBe("1\n2\n3\n4\n5\n6\n");
    expect(await drained).toEqual({ finished: true });
  });

  test("an answer that begins during the drain closes its connection; an idle one is closed at once", async () => {
    const server = streamingServer(1);
    const origin = await serve(server);
    await text(await request(`${origin}/quick`));
    const arrived = once(server, "request");
    const slow = request(`${origin}/slow`);
    await arrived;
    const drained = drainServer(server, { graceMs: 5000 });
    const answer = await slow;
    expect(answer.headers.connection).toBe("close");
    expect(await text(answer)).toBe("done");
    expect(await drained).toEqual({ finished: true });
  });

  test("a stream that outlasts the grace is cut", async () => {
    const server = streamingServer(1000);
    const stream = await request(`${await serve(server)}/stream`);
    const reading = text(stream).catch((error: unknown) => error);
    const startedMs = performance.now();
    expect(await drainServer(server, { graceMs: 150 })).toEqual({ finished: false });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(await reading).toMatchObject({ message: "aborted" });
  });

  test("a keep-alive connection that falls idle during the drain does not hold it up", async () => {
    const server = streamingServer(3);
    const stream = await request(`${await serve(server)}/stream`);
    const drained = drainServer(server, { graceMs: 10_000 });
    await text(stream);
    const startedMs = performance.now();
    await drained;
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});

test("a taken port rejects with its reason", async () => {
  const origin = await serve(createServer());
  const port = Number(new URL(origin).port);
  await expect(listen(createServer(), { host: "127.0.0.1", port })).rejects.toThrow(/EADDRINUSE/);
});

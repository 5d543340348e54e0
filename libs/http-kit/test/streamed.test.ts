import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createExpressApp } from "@topdog/http-kit/app";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { buildOpenApi } from "@topdog/http-kit/openapi";
import { defineRoute, mountRoutes } from "@topdog/http-kit/route";
import { streamed } from "@topdog/http-kit/streamed";
import { closeServed, recordingLogger, serve } from "./served.ts";

afterEach(closeServed);

const streamRoute = (open: () => Readable) =>
  defineRoute({
    method: "get",
    path: "/events",
    summary: "Events as they come",
    auth: "none",
    responses: { 200: streamed("text/event-stream", "Server-sent events") },
    errors: [],
    handler: async () => ({ status: 200, stream: open() }),
  });

async function start(open: () => Readable): Promise<{ origin: string; lines: Record<string, unknown>[] }> {
  const { logger, lines } = recordingLogger();
  const app = createExpressApp({ logger });
  mountRoutes(app, [streamRoute(open)], { verifiers: {}, logger });
  return { origin: await serve(createHttpServer(app)), lines };
}

/** An endless source that counts what was read from it. */
function endless(): { stream: Readable; readBytes: () => number } {
  let readBytes = 0;
  const block = Buffer.alloc(16 * 1024, "x");
  const stream = new Readable({
    read() {
      readBytes += block.length;
      this.push(block);
    },
  });
  return { stream, readBytes: () => readBytes };
}

const closed = (stream: Readable): Promise<unknown> =>
  stream.destroyed ? Promise.resolve() : new Promise((resolve) => stream.once("close", resolve));

const request = async (url: string): Promise<IncomingMessage> =>
  ((await once(get(url, { agent: false }), "response")) as [IncomingMessage])[0];

describe("a streamed answer", () => {
  test("arrives whole, with the declared content type and never cached", async () => {
    const { origin } = await start(() => Readable.from(["data: 1\n\n", "data: 2\n\n"]));
    const answer = await fetch(`${origin}/events`);
    expect(await answer.text()).toBe("data: 1\n\ndata: 2\n\n");
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("is read no faster than its client reads", async () => {
    const source = endless();
    const { origin } = await start(() => source.stream);
    const answer = await request(`${origin}/events`);
    // Paused from the start: only the buffers between fill. When they are full, reading the source stops.
    let last = -1;
    while (last !== source.readBytes()) {
      last = source.readBytes();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(last).toBeLessThan(64 * 1024 * 1024);
    answer.destroy();
    await closed(source.stream);
  });

  test("ends with its client: the source is destroyed, and nothing is logged as an error", async () => {
    const source = endless();
    const { origin, lines } = await start(() => source.stream);
    const answer = await request(`${origin}/events`);
    answer.destroy();
    await closed(source.stream);
    expect(source.stream.destroyed).toBe(true);
    expect(lines.filter(({ level }) => level === "error")).toHaveLength(0);
  });

  test("that fails in the middle is cut, so that nobody takes it for complete, and logged once", async () => {
    const failing = (): Readable =>
      Readable.from(
        (async function* () {
          yield "data: 1\n\n";
          throw new Error("the disk is gone");
        })(),
      );
    const { origin, lines } = await start(failing);
    await expect(fetch(`${origin}/events`).then((answer) => answer.text())).rejects.toThrow("terminated");
    expect(lines.filter(({ level }) => level === "error")).toHaveLength(1);
  });

  test("to a HEAD request has no body, and its source is not read", async () => {
    const source = endless();
    const { origin } = await start(() => source.stream);
    const answer = await fetch(`${origin}/events`, { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(source.stream.destroyed).toBe(true);
    expect(source.readBytes()).toBe(0);
  });

  test("stands in the OpenAPI document with its content type", () => {
    const document = buildOpenApi({ title: "Top Dog", routes: [streamRoute(() => Readable.from([]))] });
    expect(document.paths?.["/events"]?.get?.responses?.["200"]).toMatchObject({
      description: "Server-sent events",
      content: { "text/event-stream": { schema: { type: "string" } } },
    });
  });
});

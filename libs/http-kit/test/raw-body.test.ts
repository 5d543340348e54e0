import { afterEach, describe, expect, test } from "@jest/globals";
import { createExpressApp } from "@topdog/http-kit/app";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { buildOpenApi } from "@topdog/http-kit/openapi";
import { rawBody } from "@topdog/http-kit/raw-body";
import { defineRoute, mountRoutes } from "@topdog/http-kit/route";
import { z } from "zod";
import { closeServed, recordingLogger, serve } from "./served.ts";

afterEach(closeServed);

const maxBytes = 1_000;
const hook = defineRoute({
  method: "post",
  path: "/hook",
  summary: "What came, in hex",
  auth: "none",
  body: rawBody("application/json", maxBytes, 200),
  responses: { 200: z.object({ hex: z.string() }) },
  errors: [],
  handler: async ({ body }) => ({ status: 200, body: { hex: body.toString("hex") } }),
});

async function post(
  body: string | Buffer | ReadableStream,
  contentType = "application/json",
): Promise<[number, unknown]> {
  const { logger } = recordingLogger();
  const app = createExpressApp({ logger });
  mountRoutes(app, [hook], { verifiers: {}, logger });
  const origin = await serve(createHttpServer(app));
  const headers = { "content-type": contentType };
  const answer = await fetch(`${origin}/hook`, { method: "POST", headers, body, duplex: "half" });
  return [answer.status, await answer.json()];
}

describe("a raw body", () => {
  test.each(['{ "a" : 1e400 }\n', "not JSON", "", Buffer.from([0xff, 0x00, 0x7b])])(
    "reaches the handler byte for byte: %p",
    async (sent) => {
      expect(await post(sent, "application/json; charset=utf-8")).toEqual([
        200,
        { hex: Buffer.from(sent).toString("hex") },
      ]);
    },
  );

  test("over its bound, or of another type, is refused before the handler sees it", async () => {
    expect(await post("x".repeat(maxBytes))).toEqual([200, expect.anything()]);
    expect(await post("x".repeat(maxBytes + 1))).toEqual([413, expect.objectContaining({ code: "payload_too_large" })]);
    expect(await post("a=1", "application/x-www-form-urlencoded")).toEqual([
      400,
      expect.objectContaining({ code: "invalid_request", detail: expect.stringContaining("application/json") }),
    ]);
  });

  test("that does not come in its time is answered, and its connection ends", async () => {
    const endless = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("{")) });
    expect(await post(endless)).toEqual([408, expect.objectContaining({ code: "request_timeout" })]);
  });

  test("stands in the OpenAPI document with its content type", () => {
    const { paths } = buildOpenApi({ title: "t", routes: [hook] });
    expect(paths?.["/hook"]?.post?.requestBody).toMatchObject({ content: { "application/json": {} } });
  });
});

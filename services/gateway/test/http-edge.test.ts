import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { operations } from "@topdog/dialects/dialects";
import { eventually } from "@topdog/testing/eventually";
import { gzipSync } from "node:zlib";
import { chatBody, errorOf, startPlatform, type Answer, type Gateway, type Platform } from "./platform.ts";
import { answerJson } from "./fake-router.ts";
import { answersIn, bodyOf, sendRaw } from "./raw-http.ts";

let platform: Platform;
let gateway: Gateway;

beforeAll(async () => {
  platform = await startPlatform();
  gateway = await platform.startGateway({ MAX_BODY_BYTES: "200000" });
});
afterAll(() => platform.stop());

/** One answer on a connection that the gateway or the client then closes. */
async function rawAnswer(text: string): Promise<string> {
  const exchange = sendRaw(gateway.port, text);
  await eventually(() => expect(exchange.text()).toContain("\r\n\r\n"));
  await eventually(() => expect(exchange.text().length).toBeGreaterThan(exchange.text().indexOf("\r\n\r\n") + 4));
  exchange.socket.destroy();
  return exchange.text();
}

const call = (path: string, method: string, headers: Record<string, string> = {}): Promise<Answer> =>
  gateway.call(null, { path, method, headers, ...(method === "POST" ? {} : { body: null }) });

describe("a request that node:http would refuse by itself, or not understand", () => {
  test("in absolute form is served as its path: GET HTTPS://x/v1/models", async () => {
    const { key } = platform.newKey();
    const text = await rawAnswer(
      `GET HTTPS://x.example/v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(platform.router.seen.at(-1)?.path).toBe("/v1/models");
  });

  test("whose target is no path is told so", async () => {
    const text = await rawAnswer("GET ftp://x/v1/models HTTP/1.1\r\nhost: x\r\n\r\n");
    expect([text.slice(9, 12), bodyOf(text).error?.["code"]]).toEqual(["400", "invalid_request"]);
  });

  test("without a Host, or with an unknown Expect, gets a body in the dialect of its path and an id", async () => {
    for (const [path, lines] of [
      ["/v1/models", ""],
      ["/v1/models", "host: x\r\nexpect: 200-ok\r\n"],
    ]) {
      const text = await rawAnswer(`GET ${path} HTTP/1.1\r\n${lines}\r\n`);
      expect([text.slice(9, 12), bodyOf(text).error?.["code"]]).toEqual(["400", "invalid_request"]);
      expect(text).toMatch(/x-request-id: req_/);
    }
    const problem = await rawAnswer("GET /api/usage HTTP/1.1\r\n\r\n");
    expect(bodyOf(problem)).toMatchObject({ code: "invalid_request", status: 400 });
  });

  test("that is not HTTP, or a CONNECT, gets a body too", async () => {
    expect(bodyOf(await rawAnswer("GET /v1/models HTTP/9.9\r\n\r\n")).error).toMatchObject({ code: "invalid_request" });
    expect(bodyOf(await rawAnswer("FROB /api/usage HTTP/1.1\r\nhost: x\r\n\r\n"))).toMatchObject({
      code: "invalid_request",
      status: 400,
    });
    const connected = await rawAnswer("CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    expect([connected.slice(9, 12), bodyOf(connected).error?.["code"]]).toEqual(["405", "method_not_allowed"]);
  });
});

describe("Expect: 100-continue", () => {
  const head = (key: string, path: string, bytes: number): string =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\nexpect: 100-continue\r\n\r\n`;

  test("is not answered before the key and the size are checked, on /v1 and /api", async () => {
    const { key } = platform.newKey();
    for (const [text, status] of [
      [head("nonsense", "/v1/chat/completions", 10), "401"],
      [head("nonsense", "/api/keys", 10), "401"],
      [head(key, "/v1/chat/completions", 200_001), "413"],
      [head(key, "/api/keys", 2_000_000), "413"],
      [head(key, "/v1/nowhere", 10), "404"],
    ] as const) {
      const answer = await rawAnswer(text);
      expect([answer.slice(9, 12), answersIn(answer)]).toEqual([status, 1]);
      expect(answer.toLowerCase()).toContain("connection: close");
    }
  });

  test("is answered when the body is wanted, and the call goes on", async () => {
    const { key } = platform.newKey();
    for (const path of ["/v1/chat/completions", "/api/keys"]) {
      const exchange = sendRaw(gateway.port, head(key, path, chatBody.length));
      await eventually(() => expect(exchange.text()).toBe("HTTP/1.1 100 Continue\r\n\r\n"));
      exchange.socket.write(chatBody);
      await eventually(() => expect(exchange.text()).toContain("HTTP/1.1 200 OK"));
      exchange.socket.destroy();
    }
  });
});

describe("an answer that comes before the body", () => {
  test("is the only one on its connection, which is then closed, however slowly the body continues", async () => {
    const exchange = sendRaw(
      gateway.port,
      "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nonsense\r\ncontent-length: 100000\r\n\r\n{",
    );
    const drip = setInterval(() => exchange.socket.write(" "), 50);
    await exchange.closed;
    clearInterval(drip);
    expect([exchange.text().slice(9, 12), answersIn(exchange.text()), exchange.isEnded()]).toEqual(["401", 1, true]);
    expect(exchange.text()).toMatch(/connection: close/i);
  });

  test("closes the connection within seconds, though its client neither ends the body nor closes", async () => {
    const exchange = sendRaw(
      gateway.port,
      "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nonsense\r\ncontent-length: 100000\r\n\r\n{",
      { allowHalfOpen: true },
    );
    await eventually(() => expect(exchange.isEnded()).toBe(true));
    const drip = setInterval(() => exchange.socket.write(" "), 50);
    await exchange.closed;
    clearInterval(drip);
    expect(answersIn(exchange.text())).toBe(1);
  });

  test("leaves a connection with a small body usable", async () => {
    const { key } = platform.newKey();
    const body = "x".repeat(100);
    const post = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer nonsense\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const exchange = sendRaw(gateway.port, post);
    await eventually(() => expect(exchange.text()).toContain("invalid_api_key"));
    exchange.socket.write(`GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`);
    await eventually(() => expect(exchange.text()).toContain("HTTP/1.1 200 OK"));
    exchange.socket.destroy();
  });

  test("is read by a client that sends on and on", async () => {
    const { key } = platform.newKey();
    const answer = await gateway.call(key, { body: Buffer.alloc(20_000_000, 120) });
    expect([answer.status, errorOf(answer).code]).toEqual([413, "payload_too_large"]);
  });
});

test("a body in gzip reaches the router unpacked; another encoding is 415 with advice and costs nothing", async () => {
  const { key, principal } = platform.newKey();
  const packed = await gateway.call(key, { body: gzipSync(chatBody), headers: { "content-encoding": "gzip" } });
  expect(packed.status).toBe(200);
  expect(platform.router.seen.at(-1)?.body).toEqual(Buffer.from(chatBody));
  const answer = await gateway.call(key, { body: chatBody, headers: { "content-encoding": "br" } });
  expect([answer.status, errorOf(answer).code]).toEqual([415, "unsupported_encoding"]);
  expect(answer.headers["accept-encoding"]).toBe("gzip, zstd");
  const plain = await gateway.call(key, { headers: { "content-encoding": "identity" } });
  expect(plain.status).toBe(200);
  await eventually(() => expect(platform.quota.used(principal.buckets.personal, "api_calls")).toBe(2));
});

describe("a base URL without /v1, or with it twice", () => {
  const addresses = operations.flatMap(({ method, paths, takesQuery = false }) =>
    paths.map((path) => [method, path, takesQuery] as const),
  );

  test.each(addresses)("%s %s works all the same", async (method, path, takesQuery) => {
    const documented = path.replace(":model", "gpt");
    for (const spelling of [
      documented,
      documented.slice("/v1".length),
      `/v1${documented}`,
      `/v1${documented}?beta=true`,
    ]) {
      const { key } = platform.newKey();
      expect(await gateway.call(key, { method, path: spelling })).toMatchObject({ status: 200 });
      const query = takesQuery && spelling.includes("?") ? "?beta=true" : "";
      expect(platform.router.seen.at(-1)?.path).toBe(`${documented}${query}`);
    }
  });

  test("errors are in the dialect of the address, however it is spelled", async () => {
    for (const path of ["/v1/messages", "/messages", "/v1/v1/messages", "/v1/messages/nowhere"]) {
      const answer = await call(path, "GET");
      expect(JSON.parse(answer.text)).toMatchObject({ type: "error", error: { type: expect.any(String) } });
    }
    expect(errorOf(await call("/v1/chat/completions", "GET"))).toMatchObject({ code: "method_not_allowed" });
  });

  test("an address that does not exist says what the base URL should be", async () => {
    for (const [path, advice] of [
      ["/completions", "your base URL should end in /v1"],
      ["/v1/v1/nowhere", "ends in /v1 already"],
    ] as const) {
      const answer = await call(path, "POST");
      expect([answer.status, errorOf(answer).code]).toEqual([404, "not_found"]);
      expect(errorOf(answer).message).toContain(advice);
    }
  });
});

describe("browsers", () => {
  const page = { origin: "https://app.example" };
  const asks = {
    ...page,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-stainless-lang",
  };

  test("a preflight of /v1 is answered without a key, and allows what the page asks for", async () => {
    const answer = await call("/v1/chat/completions", "OPTIONS", asks);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-headers": "authorization,content-type,x-stainless-lang",
    });
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
  });

  test("a preflight allows each method that an address of /v1 has, deleting a stored response too", async () => {
    const answer = await call("/v1/responses/resp_1", "OPTIONS", {
      ...asks,
      "access-control-request-method": "DELETE",
    });
    expect(answer.headers["access-control-allow-methods"]?.split(", ").toSorted()).toEqual([
      "DELETE",
      "GET",
      "HEAD",
      "OPTIONS",
      "POST",
    ]);
  });

  test("an answer, good or bad, may be read by a page with our headers; without an Origin nothing is added", async () => {
    const { key } = platform.newKey();
    const good = await gateway.call(key, { headers: page });
    const bad = await gateway.call("nonsense", { headers: page });
    const absent = await call("/v1/nowhere", "POST", page);
    for (const answer of [good, bad, absent]) {
      expect(answer.headers["access-control-allow-origin"]).toBe("*");
      expect(answer.headers["access-control-expose-headers"]).toMatch(
        /x-request-id.*x-ratelimit-source.*x-topdog-model/,
      );
    }
    expect((await gateway.call(key)).headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("a list of origins admits these alone, and says that answers differ by origin", async () => {
    const listed = await platform.startGateway({ CORS_ORIGINS: "https://app.example, https://other.example" });
    const { key } = platform.newKey();
    const mine = await listed.call(key, { headers: page });
    expect(mine.headers).toMatchObject({ "access-control-allow-origin": "https://app.example", vary: "Origin" });
    const strange = await listed.call(key, { headers: { origin: "https://evil.example" } });
    expect([strange.headers["access-control-allow-origin"], strange.headers["vary"]]).toEqual([undefined, "Origin"]);
  });

  test("/api answers no other origin", async () => {
    for (const answer of [await call("/api/usage", "OPTIONS", asks), await call("/api/tiers", "GET", page)]) {
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

describe("methods", () => {
  test.each([
    ["/v1/chat/completions", "POST, OPTIONS", ["GET", "HEAD", "PUT", "DELETE", "TRACE", "PROPFIND"]],
    ["/v1/models", "GET, HEAD, OPTIONS", ["POST", "DELETE"]],
    ["/v1/models/m", "GET, HEAD, OPTIONS", ["POST", "PATCH"]],
  ] as const)("%s allows %s", async (path, allow, refused) => {
    for (const method of refused) {
      const answer = await call(path, method);
      expect([method, answer.status, answer.headers["allow"]]).toEqual([method, 405, allow]);
      if (method !== "HEAD") expect(errorOf(answer).code).toBe("method_not_allowed");
    }
    const options = await call(path, "OPTIONS");
    expect([options.status, options.headers["allow"]]).toEqual([204, allow]);
  });

  test("the service decides which methods an account path has: any method reaches it", async () => {
    const { key } = platform.newKey();
    for (const method of ["OPTIONS", "PUT", "PROPFIND"]) {
      await gateway.call(key, { method, path: "/api/keys", body: null });
      expect(platform.siblings.seen.at(-1)?.method).toBe(method);
    }
    const head = await gateway.call(key, { method: "HEAD", path: "/api/keys", body: null });
    expect([head.status, head.text]).toEqual([200, ""]);
  });

  test("the root and the documents take GET and HEAD", async () => {
    for (const path of ["/", "/docs/", "/docs/openapi.json"]) {
      const answer = await call(path, "DELETE");
      expect([path, answer.status, answer.headers["allow"]]).toEqual([path, 405, "GET, HEAD"]);
      expect(answer.headers["content-type"]).toBe("application/problem+json");
    }
  });
});

test("every /v1 answer says no-store and nosniff", async () => {
  const { key } = platform.newKey();
  platform.router.script = (res) =>
    res
      .writeHead(200, { "content-type": "text/event-stream", "cache-control": "public, max-age=60" })
      .end("data: [DONE]\n\n");
  const stream = await gateway.call(key);
  platform.router.script = answerJson;
  for (const answer of [
    stream,
    await gateway.call(key),
    await gateway.call("nonsense"),
    await call("/v1/nowhere", "GET"),
    await call("/v1/models", "DELETE"),
    await call("/models", "GET"),
  ]) {
    expect([answer.headers["cache-control"], answer.headers["x-content-type-options"]]).toEqual([
      "no-store",
      "nosniff",
    ]);
  }
});

test("a request that comes while the gateway drains is 503 shutting_down, and its connection ends", async () => {
  const stopping = await platform.startGateway({ SHUTDOWN_GRACE_MS: "3000" });
  const { key } = platform.newKey();
  const rest = `authorization: Bearer ${key}\r\ncontent-length: ${chatBody.length}\r\n\r\n${chatBody}`;
  const v1 = sendRaw(stopping.port, "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n");
  const api = sendRaw(stopping.port, "POST /api/keys HTTP/1.1\r\nhost: x\r\n");
  await eventually(async () => expect(await stopping.metric("topdog_gateway_opening_connections")).toBe(2));
  const stopped = stopping.stop();
  for (const one of [v1, api]) one.socket.write(rest);
  await Promise.all([v1.closed, api.closed]);
  for (const one of [v1, api]) expect(one.text()).toMatch(/^HTTP\/1.1 503 .*retry-after: 1.*connection: close/is);
  expect(bodyOf(v1.text()).error?.["code"]).toBe("shutting_down");
  expect(bodyOf(api.text())).toMatchObject({ code: "shutting_down" });
  await stopped;
});

test("a client that leaves is client_closed, in a stream too", async () => {
  const { key } = platform.newKey();
  platform.router.script = (res) =>
    void res.writeHead(200, { "content-type": "text/event-stream" }).write("data: one\n\n");
  const streaming = sendRaw(
    gateway.port,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: ${chatBody.length}\r\n\r\n${chatBody}`,
  );
  await eventually(() => expect(streaming.text()).toContain("data: one"));
  streaming.socket.destroy();
  const uploading = sendRaw(
    gateway.port,
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: 1000\r\nexpect: 100-continue\r\n\r\n`,
  );
  await eventually(() => expect(uploading.text()).toContain("100 Continue"));
  uploading.socket.destroy();
  const closed = `topdog_gateway_requests_total{route="chat.completions",outcome="client_closed"`;
  await eventually(async () => expect(await gateway.metric(closed)).toBe(2));
});

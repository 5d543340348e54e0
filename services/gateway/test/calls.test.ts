import { servedHeaderNames } from "@topdog/contracts/served-headers";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { formatApiKey } from "@topdog/contracts/api-key";
import { eventually } from "@topdog/testing/eventually";
import { chatBody, errorOf, startPlatform, type Gateway, type Platform } from "./platform.ts";
import { answerJson } from "./fake-router.ts";
import { sendRaw } from "./raw-http.ts";

let platform: Platform;
let gateway: Gateway;

beforeAll(async () => {
  platform = await startPlatform();
  gateway = await platform.startGateway({ MAX_BODY_BYTES: "4096" });
});
afterAll(() => platform.stop());

describe("a metered call", () => {
  test("reaches the router untouched and charged, and comes back with limits, BYOK state and a request id", async () => {
    const { key, principal } = platform.newKey();
    const answer = await gateway.call(key, {
      headers: { "x-topdog-principal": "forged", cookie: "a=b", "x-request-id": "mine" },
    });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { object: "chat.completion", choices: [] }]);
    const seen = platform.router.seen.at(-1);
    expect(seen?.body.toString()).toBe(chatBody);
    expect(seen?.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    expect(seen).toMatchObject({
      requestId: answer.headers["x-request-id"],
      endpoint: "chat.completions",
      path: "/v1/chat/completions",
      principal,
      source: "personal",
      charges: [
        { meter: "api_calls", seq: 1 },
        { meter: "llm_requests", seq: 1 },
      ],
    });
    expect(answer.headers).toMatchObject({
      "x-ratelimit-source": "personal",
      "ratelimit-policy": '"personal-api-calls";q=800;w=86400, "personal-llm-requests";q=300;w=86400',
      "x-ratelimit-limit-requests": "300",
      "x-ratelimit-remaining-requests": "299",
      "x-byok-scope": "user",
      "x-byok-used": "1",
      "x-byok-capacity": "3",
    });
    expect(answer.headers["ratelimit"]).toMatch(
      /^"personal-api-calls";r=799;t=\d+, "personal-llm-requests";r=299;t=\d+$/,
    );
    expect(answer.headers["x-ratelimit-reset-requests"]).toMatch(/^(\d+h)?(\d+m)?\d+s$/);
    expect(answer.headers["x-request-id"]).toMatch(/^req_[0-9a-f]{24}$/);
    expect(answer.headers["x-internal-secret"]).toBeUndefined();
  });

  test("comes back with all that the router says of how it was served, and nothing else that it says", async () => {
    const { key } = platform.newKey();
    const said = Object.fromEntries([...servedHeaderNames, "x-topdog-inner"].map((name) => [name, `of ${name}`]));
    platform.router.script = (answer) => {
      answer.writeHead(200, { "content-type": "application/json", ...said });
      answer.end("{}");
    };
    const { headers } = await gateway.call(key);
    platform.router.script = answerJson;
    const { "x-topdog-inner": _inner, ...passed } = said;
    expect(Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-topdog-")))).toEqual(
      passed,
    );
  });

  test("passes on a client's trace id for correlation, and never its sampled flag", async () => {
    const { key } = platform.newKey();
    const ids = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
    await gateway.call(key, { headers: { traceparent: `${ids}-01` } });
    expect(platform.router.seen.at(-1)?.traceparent).toBe(`${ids}-00`);
  });

  test("takes x-api-key as well, keeps a model's path encoded, and charges a list of models nothing", async () => {
    const { key } = platform.newKey();
    const answer = await gateway.call(null, {
      method: "GET",
      path: "/v1/models/org%2Fm?x=1",
      headers: { "x-api-key": key },
    });
    const seen = platform.router.seen.at(-1);
    expect([answer.status, seen?.path, seen?.endpoint]).toEqual([200, "/v1/models/org%2Fm", "models"]);
    expect(seen?.charges).toEqual([]);
    expect(answer.headers["ratelimit-policy"]).toBe('"free-calls";q=100000;w=60');
    expect(answer.headers["x-ratelimit-source"]).toBeUndefined();
  });

  test("takes Azure's api-key, and passes on what a dialect lets a caller tell the provider, and nothing else", async () => {
    const { key } = platform.newKey();
    const version = { "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" };
    const headers = { "api-key": key, ...version, "openai-organization": "org-x", "x-goog-api-key": "no" };
    expect((await gateway.call(null, { path: "/v1/messages", headers })).status).toBe(200);
    expect(platform.router.seen.at(-1)?.headers).toEqual(Object.entries(version).flat());
    expect((await gateway.call(null, { headers })).status).toBe(200);
    expect(platform.router.seen.at(-1)?.headers).toEqual([]);
    // What the data is about is for the router, in every dialect.
    expect((await gateway.call(null, { headers: { ...headers, "X-Data-Segment": "medical" } })).status).toBe(200);
    expect(platform.router.seen.at(-1)?.headers).toEqual(["x-data-segment", "medical"]);
  });

  test("hands the router what a caller asks of the platform by headers, where a call is made", async () => {
    const { key } = platform.newKey();
    const headers = { "idempotency-key": "once", "x-topdog-cache": "60" };
    expect((await gateway.call(key, { path: "/v1/embeddings", headers })).status).toBe(200);
    expect(platform.router.seen.at(-1)?.headers).toEqual(Object.entries(headers).flat());
    await gateway.call(key, { method: "GET", path: "/v1/models", headers });
    expect(platform.router.seen.at(-1)?.headers).toEqual([]);
  });

  test("hands the router the id and the query of a stored response, whatever is done with it", async () => {
    const { key } = platform.newKey();
    for (const [method, path, endpoint] of [
      ["GET", "/v1/responses/resp_1?stream=true", "responses.retrieve"],
      ["DELETE", "/v1/responses/resp_1", "responses.delete"],
      ["POST", "/v1/responses/resp_1/cancel", "responses.cancel"],
      ["GET", "/v1/responses/resp_1/input_items?order=asc", "responses.input_items"],
    ] as const) {
      expect((await gateway.call(key, { method, path })).status).toBe(200);
      expect(platform.router.seen.at(-1)).toMatchObject({ path, endpoint, charges: [{ meter: "api_calls" }] });
    }
    const wrong = await gateway.call(key, { method: "PUT", path: "/v1/responses/resp_1" });
    expect([wrong.status, wrong.headers["allow"]]).toEqual([405, "GET, HEAD, DELETE, OPTIONS"]);
    const without = await gateway.call(key, { method: "DELETE", path: "/v1/responses/" });
    expect([without.status, errorOf(without).code]).toEqual([404, "not_found"]);
  });

  test("of a client of Anthropic's API is refused in its shape, at the addresses that both APIs have", async () => {
    const headers = { "anthropic-version": "2023-06-01" };
    for (const path of ["/v1/models", "/v1/models/m"]) {
      const refused = await gateway.call("nonsense", { method: "GET", path, headers });
      expect(JSON.parse(refused.text)).toMatchObject({ type: "error", error: { type: "authentication_error" } });
    }
  });

  test("passes on whatever the router answers, errors too, with the same headers", async () => {
    const { key } = platform.newKey();
    platform.router.script = (res) => {
      res.writeHead(429, { "content-type": "application/json", "retry-after": "7" }).end('{"error":{}}');
    };
    const answer = await gateway.call(key);
    platform.router.script = answerJson;
    expect([answer.status, answer.headers["retry-after"], answer.headers["x-ratelimit-source"]]).toEqual([
      429,
      "7",
      "personal",
    ]);
    expect(answer.headers["x-byok-scope"]).toBe("user");
  });
});

describe("a refused call", () => {
  test.each([
    [null, 401, "missing_api_key"],
    ["nonsense", 401, "invalid_api_key"],
    [`td_${"x".repeat(49)}`, 401, "invalid_api_key"],
    [formatApiKey(randomBytes(32)), 401, "invalid_api_key"],
  ])("without a good key (%s) is %d in OpenAI's shape, with an id", async (key, status, code) => {
    const answer = await gateway.call(key);
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    expect(Object.keys(errorOf(answer)).toSorted()).toEqual(["code", "message", "param", "type"]);
    expect(answer.headers["x-request-id"]).toMatch(/^req_/);
  });

  test("is told the wrong method and unknown routes in OpenAI's shape", async () => {
    const wrong = await gateway.call(null, { method: "GET" });
    expect([wrong.status, wrong.headers["allow"], errorOf(wrong).code]).toEqual([
      405,
      "POST, OPTIONS",
      "method_not_allowed",
    ]);
    const unknown = await gateway.call(null, { path: "/v1/nothing" });
    expect([unknown.status, errorOf(unknown).code]).toEqual([404, "not_found"]);
    for (const answer of [wrong, unknown]) expect(answer.headers["x-request-id"]).toMatch(/^req_/);
  });

  test("over the body limit is 413, announced or not, and an upload that stalls is 408; neither costs a token", async () => {
    const { key, principal } = platform.newKey();
    const large = Buffer.alloc(5000, 120);
    const announced = await gateway.call(key, { body: large });
    const chunked = await gateway.call(key, {
      body: (async function* () {
        yield large;
        yield large;
      })() as never,
    });
    const impatient = await platform.startGateway({ BODY_TIMEOUT_MS: "300" });
    const stalled = await impatient.call(key, {
      body: (async function* () {
        yield Buffer.from("{");
        await new Promise((resolve) => setTimeout(resolve, 1000));
        yield Buffer.from("}");
      })() as never,
    });
    expect([announced, chunked, stalled].map((one) => [one.status, errorOf(one).code])).toEqual([
      [413, "payload_too_large"],
      [413, "payload_too_large"],
      [408, "request_timeout"],
    ]);
    expect(platform.quota.held(principal.buckets.personal, "api_calls")).toBe(0);
    expect(platform.quota.used(principal.buckets.personal, "api_calls")).toBe(0);
  });

  test("with headers too large is 431 with an id", async () => {
    const answer = await gateway.call(null, { headers: { "x-big": "y".repeat(20_000) } });
    expect([answer.status, answer.headers["x-request-id"]?.slice(0, 4)]).toEqual([431, "req_"]);
  });
});

describe("a call that is refused before its tokens are taken", () => {
  test("is told the limits that are known: its concurrent requests, and those of the day", async () => {
    const { key, principal } = platform.newKey();
    platform.quota.allow(principal.buckets.personal, 1);
    const unknown = await gateway.call(key, { body: Buffer.alloc(5000, 120) });
    expect([unknown.status, unknown.headers["ratelimit"]]).toEqual([413, undefined]);
    expect((await gateway.call(key)).status).toBe(200);
    const tooLarge = await gateway.call(key, { body: Buffer.alloc(5000, 120) });
    expect([tooLarge.status, tooLarge.headers["x-ratelimit-source"]]).toEqual([413, undefined]);
    expect(tooLarge.headers["ratelimit"]).toMatch(/^"personal-api-calls";r=799;t=\d+, "personal-llm-requests";r=299;/);
    expect(tooLarge.headers["x-byok-capacity"]).toBe("3");

    const uploading = sendRaw(
      gateway.port,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n`,
    );
    await eventually(() => expect(uploading.text()).toContain("100 Continue"));
    const over = await gateway.call(key);
    expect([over.status, errorOf(over).code]).toEqual([429, "concurrent_requests_exceeded"]);
    expect(over.headers["ratelimit-policy"]).toBe(
      '"concurrent-requests";q=1;qu="concurrent-requests", "personal-api-calls";q=800;w=86400, "personal-llm-requests";q=300;w=86400',
    );
    expect(over.headers["ratelimit"]).toMatch(/^"concurrent-requests";r=0;t=1, "personal-api-calls";r=799;t=\d+, /);
    expect([over.headers["retry-after"], over.headers["x-ratelimit-remaining-requests"]]).toEqual(["1", "299"]);
    uploading.socket.destroy();
  });
});

describe("daily limits", () => {
  test("personal first, then the org bucket, then 429 that says what is spent, until when, and what would raise it", async () => {
    const { key, principal } = platform.newKey({ org: "org_a", apiCalls: 10, llmRequests: 2, pool: 2 });
    const sources: (string | undefined)[] = [];
    for (let n = 0; n < 4; n += 1) sources.push((await gateway.call(key)).headers["x-ratelimit-source"]);
    expect(sources).toEqual(["personal", "personal", "org_pool", "org_pool"]);
    const denied = await gateway.call(key);
    expect([denied.status, errorOf(denied).code, denied.headers["x-should-retry"]]).toEqual([
      429,
      "quota_exceeded",
      "false",
    ]);
    expect(errorOf(denied).message).toMatch(
      /2 LLM requests and 2 pooled API calls of your org.*resets at \d{4}-\d\d-\d\dT00:00:00Z.*Pro Plus allows 450/,
    );
    expect(Number(denied.headers["retry-after"])).toBeGreaterThan(0);
    expect(denied.headers["ratelimit"]).toMatch(/"personal-llm-requests";r=0;t=\d+, "org-api-calls";r=0/);
    expect(denied.headers["x-byok-scope"]).toBe("org");
    // A call that takes no LLM request still has its own API calls.
    expect(
      (await gateway.call(key, { method: "GET", path: "/v1/responses/resp_1" })).headers["x-ratelimit-source"],
    ).toBe("personal");
    expect(platform.router.seen.at(-2)).toMatchObject({
      source: "org_pool",
      charges: [{ meter: "api_calls" }],
    });
    expect(principal.orgId).toBe("org_a");
  });

  test("each member draws by a lease of their own, and beyond their share is told what is kept for others, and until when", async () => {
    const [first, second] = [0, 1].map(() => platform.newKey({ org: "org_b", apiCalls: 0, llmRequests: 0, pool: 1 }));
    platform.quota.share("org:org_b", { size: 200, drawn: 300, kept: 100 });
    for (const one of [first, second]) expect((await gateway.call(one?.key ?? "")).status).toBe(200);
    const refused = await gateway.call(first?.key ?? "");
    expect([refused.status, errorOf(refused).code, refused.headers["x-should-retry"]]).toEqual([
      429,
      "org_share_spent",
      "false",
    ]);
    expect(errorOf(refused).message).toMatch(
      /drawn 300 of your org's 1 pooled.*share.*is 200, and the 100 that are left/,
    );
    expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(3_600);
    expect(refused.headers["ratelimit"]).toContain('"org-api-calls";r=0');
  });

  test("a spent limit is refused without asking quota again, but a raise is noticed by itself", async () => {
    const { key, principal } = platform.newKey({ apiCalls: 1 });
    expect((await gateway.call(key)).status).toBe(200);
    expect((await gateway.call(key)).status).toBe(429);
    const before = platform.quota.syncs();
    const startedMs = performance.now();
    for (let n = 0; n < 20; n += 1) expect((await gateway.call(key)).status).toBe(429);
    // Once a second at most, for each of the two buckets, and a heartbeat.
    const seconds = Math.ceil((performance.now() - startedMs) / 1000);
    expect(platform.quota.syncs() - before).toBeLessThanOrEqual(3 * seconds);
    platform.quota.grant(principal.buckets.personal, "api_calls", 5);
    await eventually(async () => expect((await gateway.call(key)).status).toBe(200), { intervalMs: 100 });
  });
});

describe("the router's side", () => {
  test("a router that never answers is 504, one that closes on us is 502, both with Retry-After, and the tokens are given back", async () => {
    const { key } = platform.newKey();
    platform.router.script = () => undefined;
    const impatient = await platform.startGateway({ FIRST_BYTE_TIMEOUT_MS: "400" });
    const silent = await impatient.call(key);
    platform.router.script = (res) => res.cut();
    const reset = await gateway.call(key);
    platform.router.script = answerJson;
    expect([silent.status, errorOf(silent).code]).toEqual([504, "upstream_timeout"]);
    expect([reset.status, errorOf(reset).code, reset.headers["retry-after"]]).toEqual([502, "router_unavailable", "1"]);
    expect(reset.headers["x-ratelimit-source"]).toBe("personal");
  });
});

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startPlatform, type Answer, type Gateway, type Platform } from "./platform.ts";

let platform: Platform;
let gateway: Gateway;

beforeAll(async () => {
  platform = await startPlatform();
  gateway = await platform.startGateway();
});
afterAll(() => platform.stop());

const get = (path: string, key: string | null = null): Promise<Answer> => gateway.call(key, { method: "GET", path });
const problemOf = (answer: Answer): { code: string; status: number } =>
  JSON.parse(answer.text) as { code: string; status: number };

describe("the account API", () => {
  test("reaches the service that owns the path with a signed caller, and costs no token", async () => {
    const { key, principal } = platform.newKey();
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const syncs = platform.quota.syncs();
    const answer = await gateway.call(key, {
      method: "POST",
      path: "/api/keys?dry=1",
      body: '{"name":"ci"}',
      headers: { "x-topdog-principal": "forged", "x-forwarded-for": "1.2.3.4", cookie: "a=b", traceparent },
    });
    const seen = platform.siblings.seen.at(-1);
    expect([answer.status, seen?.method, seen?.url, seen?.body.toString()]).toEqual([
      200,
      "POST",
      "/api/keys?dry=1",
      '{"name":"ci"}',
    ]);
    expect(seen?.caller).toMatchObject({ kind: "account", principal, requestId: answer.headers["x-request-id"] });
    for (const name of ["authorization", "cookie", "x-forwarded-for"]) expect(seen?.headers[name]).toBeUndefined();
    expect(seen?.headers["traceparent"]).toBe(traceparent.replace(/01$/, "00"));
    expect([answer.headers["x-internal-secret"], platform.quota.syncs()]).toEqual([undefined, syncs]);
  });

  test("serves the plan catalogue and the metering indicator, and takes the payment webhook, without a key", async () => {
    for (const path of ["/api/tiers", "/consistency/sli", "/api/billing/webhook"]) {
      expect((await get(path)).status).toBe(200);
      expect(platform.siblings.seen.at(-1)).toMatchObject({ url: path, caller: null });
    }
  });

  test("answers problem+json with a request id: no key, unknown path, climbing path, body too large, service away", async () => {
    const { key } = platform.newKey();
    const away = await platform.startGateway({ BILLING_URL: "http://127.0.0.1:1" });
    const answers = [
      await get("/api/usage"),
      await get("/api/nothing", key),
      await get("/api/keys/..%2f..%2f/../admin", key),
      await gateway.call(key, { path: "/api/orgs", body: Buffer.alloc(2_000_000) }),
      await away.call(key, { method: "GET", path: "/api/billing/subscription" }),
    ];
    expect(answers.map((one) => [one.status, problemOf(one).code])).toEqual([
      [401, "missing_api_key"],
      [404, "not_found"],
      [404, "not_found"],
      [413, "payload_too_large"],
      [503, "overloaded"],
    ]);
    for (const answer of answers) {
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      expect(answer.headers["x-request-id"]).toMatch(/^req_/);
    }
  });
});

describe("operations and docs", () => {
  test("probes, metrics and the root answer without a key", async () => {
    for (const path of ["/", "/livez", "/readyz", "/health", "/metrics"]) expect((await get(path)).status).toBe(200);
    expect((await get("/metrics")).text).toContain("topdog_gateway_requests_total{");
  });

  test("documents are served where they were shipped, 404 elsewhere, beside Swagger UI", async () => {
    expect((await get("/docs/openapi.json")).text).toContain("openapi");
    expect((await get("/docs/errors")).headers["content-type"]).toContain("text/plain");
    expect((await get("/docs/")).text).toContain("swagger-ui");
    expect((await get("/docs/swagger-initializer.js")).text).toContain("/docs/openapi.json");
    const absent = await get("/docs/asyncapi.json");
    expect([absent.status, problemOf(absent).code]).toEqual([404, "not_found"]);
    expect((await get("/elsewhere")).status).toBe(404);
  });
});

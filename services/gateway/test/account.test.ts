import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "@topdog/testing/eventually";
import { request } from "undici";
import { startPlatform, type Answer, type Gateway, type Platform } from "./platform.ts";

const docsDir = new URL("../../../docs", import.meta.url).pathname;

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
      headers: {
        "x-topdog-caller": "forged",
        "x-topdog-principal": "forged",
        "x-forwarded-for": "1.2.3.4",
        cookie: "a=b",
        traceparent,
      },
    });
    const seen = platform.siblings.seen.at(-1);
    expect([answer.status, seen?.method, seen?.url, seen?.body.toString()]).toEqual([
      200,
      "POST",
      "/api/keys?dry=1",
      '{"name":"ci"}',
    ]);
    expect(seen?.caller).toMatchObject({
      method: "POST",
      path: "/api/keys?dry=1",
      caller: { kind: "key", ...principal },
      requestId: answer.headers["x-request-id"],
    });
    for (const name of ["authorization", "cookie", "x-forwarded-for"]) expect(seen?.headers[name]).toBeUndefined();
    expect(seen?.headers["traceparent"]).toBe(traceparent.replace(/01$/, "00"));
    expect([answer.headers["x-internal-secret"], platform.quota.syncs()]).toEqual([undefined, syncs]);
  });

  test("serves the plan catalogue, and takes the payment webhook, without a key", async () => {
    for (const path of ["/api/tiers", "/api/billing/webhook"]) {
      expect((await get(path)).status).toBe(200);
      expect(platform.siblings.seen.at(-1)).toMatchObject({ url: path, caller: null });
    }
  });

  test("answers problem+json with a request id: no key, unknown path, path with .., body too large, service away", async () => {
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
      [401, "not_signed_in"],
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

describe("what is for operators", () => {
  const token = "an-operator-token-of-thirty-two-characters";
  const paths = ["/metrics", "/consistency/sli", "/docs/asyncapi.json"];
  const asked = (one: Gateway, path: string, headers: object, method: "GET" | "POST" = "GET"): Promise<Answer> =>
    one.call(null, { method, path, body: method === "GET" ? null : "{}", headers: headers as Record<string, string> });
  /** All of an answer except what differs between any two. */
  const seen = ({ status, headers, text }: Answer): unknown => {
    const { date: _date, "x-request-id": id = "", ...others } = headers;
    return { status, headers: others, text: text.replace(id, "") };
  };

  test.each(paths)("%s is there for the operator's token", async (path) => {
    const own = await platform.startGateway({ OPERATOR_TOKEN: token, DOCS_DIR: docsDir });
    expect((await asked(own, path, { authorization: `Bearer ${token}` })).status).toBe(200);
    if (path === "/consistency/sli") {
      expect(platform.siblings.seen.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${token}` });
    }
  });

  test.each(paths)("for anybody else %s is like a path that does not exist, whatever the method", async (path) => {
    const own = await platform.startGateway({ OPERATOR_TOKEN: token, DOCS_DIR: docsDir });
    const { key } = platform.newKey();
    const absent = path.startsWith("/docs") ? "/docs/nothing.json" : "/nothing";
    for (const authorization of [undefined, `Bearer ${token}x`, `Basic ${token}`, `Bearer ${key}`]) {
      const headers = authorization === undefined ? {} : { authorization };
      for (const method of ["GET", "POST"] as const) {
        const answer = seen(await asked(own, path, headers, method));
        expect(answer).toEqual(seen(await asked(own, absent, headers, method)));
        if (method === "GET") expect(answer).toMatchObject({ status: 404 });
      }
    }
  });

  test("is on the operations port for whoever reaches it, except quota's SLI, which quota serves itself", async () => {
    const own = await platform.startGateway({ DOCS_DIR: docsDir });
    const ops = async (path: string): Promise<number> => {
      const { statusCode, body } = await request(`${own.opsUrl}${path}`, { reset: true });
      await body.dump();
      return statusCode;
    };
    expect(await ops("/metrics")).toBe(200);
    expect(await ops("/docs/asyncapi.json")).toBe(200);
    expect(await ops("/consistency/sli")).toBe(404);
    expect(await ops("/v1/models")).toBe(404);
  });
});

describe("operations and docs", () => {
  test("probes and the root answer without a key, and show no more than a status", async () => {
    for (const path of ["/", "/livez", "/health"]) expect((await get(path)).status).toBe(200);
    await eventually(async () => {
      const { status, text } = await get("/readyz");
      expect([status, JSON.parse(text)]).toEqual([200, { status: "ok" }]);
    });
  });

  test("documents are served where they were shipped, 404 elsewhere, beside Swagger UI", async () => {
    expect((await get("/docs/openapi.json")).text).toContain("openapi");
    expect((await get("/docs/errors")).headers["content-type"]).toContain("text/plain");
    const reference = await get("/docs/");
    expect(reference.text).toContain("swagger-ui");
    expect(reference.text).toContain("<title>API reference | Top Dog</title>");
    expect(reference.headers["content-security-policy"]).not.toContain("unsafe");
    expect((await get("/docs/swagger-initializer.js")).text).toContain("/docs/openapi.json");
    const elsewhere = await platform.startGateway({ DOCS_DIR: "/nowhere" });
    const absent = await elsewhere.call(null, { method: "GET", path: "/docs/openapi.json" });
    expect([absent.status, problemOf(absent).code]).toEqual([404, "not_found"]);
    expect((await get("/elsewhere")).status).toBe(404);
  });
});

import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { serviceNames } from "@topdog/contracts/services";
import { childrenOf } from "@topdog/local-stack/process-table";
import { signInAsDemo } from "@topdog/local-stack/sign-in";
import { getGlobalDispatcher, request } from "undici";
import { until } from "../support/eventually.ts";
import { waitForLedger } from "../support/ledger.ts";
import { startPlatform, type Platform } from "../support/platform.ts";
import { rawCall } from "../support/raw-call.ts";
import { startTraceCollector, type TraceCollector } from "../support/trace-collector.ts";

let platform: Platform;
let collector: TraceCollector;

beforeAll(async () => {
  process.env["CANARY_SECRET"] = "canary";
  collector = await startTraceCollector();
  platform = await startPlatform({ everyService: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } });
}, 180_000);

afterAll(async () => {
  await platform.stop();
  await collector.stop();
});

const body = (extra: object): string =>
  JSON.stringify({ model: "sandbox-small", messages: [{ role: "user", content: "Describe a harbour" }], ...extra });
const bearer = (): Record<string, string> => ({
  authorization: `Bearer ${platform.demo.userKey}`,
  "content-type": "application/json",
});

describe("every process", () => {
  test("engines, services and guards alike, has nothing of the environment that started it but what it needs", () => {
    if (process.platform !== "linux") return;
    const descendants = (pid: number): number[] => childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
    const seen = descendants(process.pid).map((pid) => {
      try {
        const [command, environment] = ["cmdline", "environ"].map((file) =>
          readFileSync(`/proc/${pid}/${file}`, "utf8"),
        );
        return { command, hasCanary: environment?.includes("CANARY_SECRET") };
      } catch {
        return { command: "a process that has ended", hasCanary: false };
      }
    });
    const commands = seen.map(({ command }) => command).join("\n");
    for (const engine of ["postgres", "nats-server", "main.js"]) expect(commands).toContain(engine);
    expect(seen.filter(({ hasCanary }) => hasCanary)).toEqual([]);
  });
});

describe("every service", () => {
  test.each(serviceNames)(
    "%s answers probes on both ports, and /metrics on the operations port alone",
    async (service) => {
      const statusOf = async (url: string): Promise<number> => {
        const { statusCode, body } = await request(url);
        await body.dump();
        return statusCode;
      };
      const [url, opsUrl] = [platform.serviceUrl(service), platform.opsUrl(service)];
      for (const path of ["/livez", "/readyz", "/health"]) {
        expect([path, await statusOf(`${url}${path}`), await statusOf(`${opsUrl}${path}`)]).toEqual([path, 200, 200]);
      }
      expect(await statusOf(`${url}/metrics`)).toBe(404);
      const metrics = await (await request(`${opsUrl}/metrics`)).body.text();
      expect(metrics).toMatch(/^topdog_/m);
    },
  );
});

describe("the gateway's front", () => {
  test("serves /docs and the OpenAPI document to everybody, the AsyncAPI document to operators", async () => {
    const page = await rawCall(platform, "/docs/", {});
    expect(page.status).toBe(200);
    const openapi = await rawCall(platform, "/docs/openapi.json", {});
    expect(openapi.json).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) });
    expect((await rawCall(platform, "/docs/asyncapi.json", {})).status).toBe(404);
    const headers = { authorization: `Bearer ${platform.operatorToken}` };
    const asyncapi = await rawCall(platform, "/docs/asyncapi.json", { headers });
    expect(asyncapi.json).toMatchObject({ asyncapi: expect.stringMatching(/^3\./) });
  });

  test("serves /api/tiers from the catalogue without a key, and 503 problem+json where Stripe would be needed", async () => {
    const tiers = await rawCall(platform, "/api/tiers", {});
    expect(tiers.status).toBe(200);
    expect(tiers.text).toContain("pro_plus");
    const invoices = await rawCall(platform, "/api/billing/invoices", { headers: bearer() });
    expect(invoices.status).toBe(503);
    expect(invoices.headers["content-type"]).toContain("application/problem+json");
    expect(invoices.json).toMatchObject({ code: "billing_not_configured" });
  });

  test("an owner sees the org's subscription; a member does not", async () => {
    const asOwner = await rawCall(platform, `/api/billing/subscription?org=${platform.demo.orgId}`, {
      headers: { authorization: `Bearer ${platform.demo.teamsOwnerKey}` },
    });
    expect(asOwner.json).toMatchObject({ plan: "teams", seats: 3 });
    const asMember = await rawCall(platform, `/api/billing/subscription?org=${platform.demo.orgId}`, {
      headers: { authorization: `Bearer ${platform.demo.teamsMemberKey}` },
    });
    expect(asMember.status).toBe(403);
    const asStranger = await rawCall(platform, `/api/orgs/${platform.demo.orgId}`, { headers: bearer() });
    expect(asStranger.status).toBe(404);
  });

  test("a client cannot forge the platform's own principal header", async () => {
    const forged = await rawCall(platform, "/api/usage", {
      headers: { "x-topdog-principal": "e30.e30", "x-topdog-caller": "e30.e30.e30" },
    });
    expect(forged.status).toBe(401);
  });
});

describe("one call", () => {
  test("leaves one trace across HTTP and NATS", async () => {
    const answer = await rawCall(platform, "/v1/chat/completions", { headers: bearer(), body: body({ stream: true }) });
    expect(answer.status).toBe(200);
    await waitForLedger(platform, String(answer.headers["x-request-id"]));

    const inTrace = (trace: string): string[] => {
      const spans = collector.spans().filter((span) => span.traceId === trace || span.links.includes(trace));
      return [...new Set(spans.map((span) => span.service))].toSorted();
    };
    const traces = (): string[][] => {
      const gatewaySpans = collector.spans().filter((span) => span.service === "gateway");
      return [...new Set(gatewaySpans.map((span) => span.traceId))].map(inTrace);
    };
    await until(
      "spans of gateway, router and quota in one trace",
      () => Promise.resolve(traces()),
      (all) => all.some((services) => ["gateway", "llm-router", "quota"].every((one) => services.includes(one))),
    );
  });

  test("leaves neither its key nor its content in any log or span", async () => {
    const secretPrompt = "the-canary-prompt-5512";
    await rawCall(platform, "/v1/chat/completions", {
      headers: bearer(),
      body: body({ messages: [{ role: "user", content: secretPrompt }] }),
    });
    await rawCall(platform, "/v1/chat/completions", { headers: bearer(), body: `{"broken": "${secretPrompt}` });
    const logs = await Promise.all(
      (await readdir(platform.logDir)).map((file) => readFile(join(platform.logDir, file), "utf8")),
    );
    const everything = logs.join("\n") + JSON.stringify(collector.spans());
    expect(everything.length).toBeGreaterThan(1_000);
    expect(everything).not.toContain(platform.demo.userKey);
    expect(everything).not.toContain(secretPrompt);
  });
});

describe("a person", () => {
  const password = "a password of some length";

  /** A browser: keeps its cookies, and repeats the CSRF token. */
  function createBrowser() {
    const jar = new Map<string, string>();
    return async (method: "GET" | "POST" | "DELETE", path: string, content?: object) => {
      const answer = await request(`${platform.gatewayUrl}${path}`, {
        method,
        headers: {
          "content-type": "application/json",
          origin: platform.gatewayUrl,
          cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
          "x-csrf-token": jar.get("topdog_csrf") ?? "",
        },
        body: content === undefined ? null : JSON.stringify(content),
      });
      for (const cookie of [answer.headers["set-cookie"] ?? []].flat()) {
        const [name = "", value = ""] = (cookie.split(";", 1)[0] ?? "").split("=");
        jar.set(name, value);
      }
      const text = await answer.body.text();
      return { status: answer.statusCode, body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown> };
    };
  }

  const mailedToken = async (email: string): Promise<string> => {
    const find = async (): Promise<string | undefined> => {
      const files = await readdir(platform.mailDir).catch(() => []);
      const mails = await Promise.all(files.map((file) => readFile(join(platform.mailDir, file), "utf8")));
      const mail = mails.find((text) => text.includes(email));
      return mail === undefined ? undefined : /#token=([\w-]+)/.exec(mail)?.[1];
    };
    return (await until("the mail has come", find, (token) => token !== undefined)) ?? "";
  };

  test("signs up by mail, signs in, makes a key that works, signs out, and is refused everywhere from then on", async () => {
    const email = "newcomer@example.test";
    const [here, there] = [createBrowser(), createBrowser()];
    expect((await here("POST", "/api/auth/sign-up", { email })).status).toBe(202);
    const token = await mailedToken(email);
    expect((await here("POST", "/api/auth/password", { token, password })).body).toEqual({ email });
    for (const browser of [here, there])
      expect((await browser("POST", "/api/auth/sign-in", { email, password })).body).toMatchObject({ email });
    const { body: listed } = await here("GET", "/api/auth/sessions");
    expect(listed["items"]).toMatchObject([{ current: false }, { current: true }]);
    const made = await here("POST", "/api/keys", { name: "laptop" });
    expect(made.status).toBe(201);
    const headers = { authorization: `Bearer ${String(made.body["key"])}` };
    const models = await request(`${platform.gatewayUrl}/v1/models`, { headers });
    expect(models.statusCode).toBe(200);
    await models.body.dump();
    for (const path of ["/api/keys", "/api/orgs", "/api/limits", "/api/usage", "/api/billing/subscription"])
      expect([path, (await there("GET", path)).status]).toEqual([path, 200]);
    expect((await here("POST", "/api/auth/sign-out-everywhere")).status).toBe(204);
    for (const browser of [here, there])
      await until(
        "the session is refused",
        () => browser("GET", "/api/auth/session"),
        ({ status }) => status === 401,
      );
  });
});

describe("a service account of an org", () => {
  test("calls models with a key of its own, charged to the org pool alone, and stands in the ledger", async () => {
    const { orgId, password: known = "" } = platform.demo;
    const headers = await signInAsDemo(getGlobalDispatcher(), platform.gatewayUrl, known, "demo-owner@topdog.example");
    const post = (path: string, content: object) =>
      rawCall(platform, path, {
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(content),
      });
    const account = (await post(`/api/orgs/${orgId}/service-accounts`, { name: "ci" })).json as { id: string };
    const wanted = { name: "runner", orgId, serviceAccountId: account.id };
    const made = (await post("/api/keys", wanted)).json as { id: string; key: string };
    const answer = await rawCall(platform, "/v1/chat/completions", {
      headers: { authorization: `Bearer ${made.key}`, "content-type": "application/json" },
      body: body({}),
    });
    expect([answer.status, answer.headers["x-ratelimit-source"]]).toEqual([200, "org_pool"]);
    expect(answer.headers["ratelimit-policy"]).toMatch(/^"org-api-calls";q=\d+;w=86400$/);
    const rows = await waitForLedger(platform, String(answer.headers["x-request-id"]));
    const facts = { key_id: made.id, user_id: account.id, org_id: orgId, source: "org_pool", outcome: "ok" };
    expect(rows).toMatchObject([facts]);
  });
});

describe("a graceful stop", () => {
  test.each(["gateway", "llm-router"] as const)("of %s lets a live stream finish", async (service) => {
    const answer = await request(`${platform.gatewayUrl}/v1/chat/completions`, {
      method: "POST",
      headers: bearer(),
      body: body({ stream: true, max_tokens: 60 }),
    });
    expect(answer.statusCode).toBe(200);
    let text = "";
    let stopped: Promise<unknown> | null = null;
    for await (const chunk of answer.body) {
      text += String(chunk);
      stopped ??= platform.stopService(service);
    }
    expect(text).toContain("data: [DONE]");
    expect(await stopped).toMatchObject({ code: 0 });
    await platform.restart(service);
    const [row] = await waitForLedger(platform, String(answer.headers["x-request-id"]));
    expect(row).toMatchObject({ outcome: "ok", estimated: false });
  });
});

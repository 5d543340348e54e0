import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { KeyRestrictions } from "@topdog/contracts/key-restrictions";
import type { KeyScope } from "@topdog/contracts/key-scopes";
import { createClientAddresses } from "@topdog/http-kit/client-address";
import { eventually } from "@topdog/testing/eventually";
import { checkKey } from "../src/usecases/check-key.ts";
import { knownCaller } from "../src/store/known-callers.ts";
import { chatBody, errorOf, startPlatform, type Answer, type Gateway, type Platform } from "./platform.ts";
import { bodyOf, sendRaw } from "./raw-http.ts";

let platform: Platform;
let gateway: Gateway;
let behindProxy: Gateway;

beforeAll(async () => {
  platform = await startPlatform();
  // No entry gets old during the test: what is refused, is refused from memory.
  const settings = { PRINCIPAL_TTL_MS: "600000" };
  gateway = await platform.startGateway(settings);
  behindProxy = await platform.startGateway({ ...settings, TRUSTED_PROXIES: "127.0.0.0/8" });
});
afterAll(() => platform.stop());

const models = { method: "GET", path: "/v1/models" } as const;
const unrestricted: KeyRestrictions = { expiresAtMs: null, models: null, addresses: null };
const codeOf = (answer: Answer): string =>
  answer.status === 200 ? "ok" : ((JSON.parse(answer.text) as { code?: string }).code ?? errorOf(answer).code);

describe("scopes", () => {
  test.each<[KeyScope[], Record<string, string>]>([
    [
      ["llm"],
      {
        "/v1/models": "ok",
        "/api/usage": "insufficient_scope",
        "/api/limits": "insufficient_scope",
        "/api/keys": "insufficient_scope",
        "/api/orgs": "insufficient_scope",
        "/api/billing/subscription": "insufficient_scope",
      },
    ],
    [
      ["usage:read"],
      {
        "/v1/models": "insufficient_scope",
        "/api/usage": "ok",
        "/api/limits": "ok",
        "/api/keys": "insufficient_scope",
        "/api/orgs": "insufficient_scope",
        "/api/billing/subscription": "insufficient_scope",
      },
    ],
    [
      ["account"],
      {
        "/v1/models": "insufficient_scope",
        "/api/usage": "ok",
        "/api/limits": "ok",
        "/api/keys": "ok",
        "/api/orgs": "ok",
        "/api/billing/subscription": "ok",
      },
    ],
  ])("a key with %j reaches what they are for, and nothing else", async (scopes, expected) => {
    const { key } = platform.newKey({ scopes });
    const seen: Record<string, string> = {};
    for (const path of Object.keys(expected)) seen[path] = codeOf(await gateway.call(key, { method: "GET", path }));
    expect(seen).toEqual(expected);
  });

  test("a call without the scope is refused in its dialect, before its body, and costs nothing", async () => {
    const { key, principal } = platform.newKey({ scopes: ["account"] });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: 1000\r\n\r\n`;
    const exchange = sendRaw(gateway.port, head);
    await eventually(() => expect(bodyOf(exchange.text()).error).toMatchObject({ code: "insufficient_scope" }));
    exchange.socket.destroy();
    const whole = await gateway.call(key);
    expect([whole.status, errorOf(whole).type]).toEqual([403, "permission_error"]);
    expect(platform.quota.used(principal.buckets.personal, "api_calls")).toBe(0);
    expect(platform.router.seen.some((seen) => seen.principal.keyId === principal.keyId)).toBe(false);
  });
});

describe("allowed addresses", () => {
  const from = (address: string) => ({ headers: { "x-forwarded-for": address } });

  test("a call from elsewhere is refused before its body; what only a client claims is not believed", async () => {
    const { key } = platform.newKey({ restrictions: { ...unrestricted, addresses: ["203.0.113.0/24"] } });
    const local = platform.newKey({ restrictions: { ...unrestricted, addresses: ["127.0.0.1"] } });
    expect(codeOf(await gateway.call(key, { ...models, ...from("203.0.113.9") }))).toBe("address_not_allowed");
    expect(codeOf(await gateway.call(local.key, models))).toBe("ok");
    expect(codeOf(await gateway.call(key, { method: "GET", path: "/api/usage" }))).toBe("address_not_allowed");
    const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: 1000\r\n\r\n`;
    const exchange = sendRaw(gateway.port, head);
    await eventually(() => expect(bodyOf(exchange.text()).error).toMatchObject({ code: "address_not_allowed" }));
    exchange.socket.destroy();
  });

  test.each([
    ["203.0.113.9", "ok"],
    ["203.0.114.9", "address_not_allowed"],
    ["203.0.113.9, 198.51.100.1", "address_not_allowed"],
    ["198.51.100.1, 203.0.113.9", "ok"],
    ["2001:db8:0:7::1", "ok"],
    ["2001:db8:1::1", "address_not_allowed"],
  ])("behind a trusted proxy, X-Forwarded-For %s is %s", async (header, expected) => {
    const addresses = ["203.0.113.0/24", "2001:db8::/48"];
    const { key } = platform.newKey({ restrictions: { ...unrestricted, addresses } });
    expect(codeOf(await behindProxy.call(key, { ...models, ...from(header) }))).toBe(expected);
  });
});

describe("expiry", () => {
  test("a key ends at its time, without a lookup, and for a call whose upload it outlasts not", async () => {
    const expiresAtMs = Date.now() + 1_500;
    const { key, principal } = platform.newKey({ restrictions: { ...unrestricted, expiresAtMs } });
    const first = codeOf(await gateway.call(key, models));
    const upload = sendRaw(
      gateway.port,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-length: ${chatBody.length}\r\nexpect: 100-continue\r\n\r\n`,
    );
    // On a machine that was too slow for this, the key had ended before it was used: that proves nothing, and is no fault.
    if (first === "ok") await eventually(() => expect(upload.text()).toMatch(/100 Continue|invalid_api_key/));
    const before = platform.resolves();
    await eventually(async () => expect(codeOf(await gateway.call(key, models))).toBe("invalid_api_key"));
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
    upload.socket.write(chatBody);
    await eventually(() => expect(upload.text()).toContain("invalid_api_key"));
    upload.socket.destroy();
    expect(platform.resolves() - before).toBe(0);
    const reached = platform.router.seen.filter((seen) => seen.principal.keyId === principal.keyId);
    expect(reached.map(({ endpoint }) => endpoint)).not.toContain("chat.completions");
  });

  test.each([
    [-1, "good"],
    [0, "refused"],
    [1, "refused"],
  ])("a key is good until the millisecond of its end: %i ms from it it is %s", (offset, expected) => {
    const expiresAtMs = Date.UTC(2030, 0, 1);
    const caller = knownCaller("", {
      ...platform.newKey().principal,
      restrictions: { ...unrestricted, expiresAtMs },
    });
    const deps = { clientAddresses: createClientAddresses([]), nowMs: () => expiresAtMs + offset };
    const check = (): void => checkKey(deps, caller, ["llm"], new IncomingMessage(new Socket()));
    if (expected === "good") expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: "invalid_api_key" }));
  });
});

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKeyChanged } from "@topdog/contracts/events/api-key-events";
import type { Ceiling } from "@topdog/contracts/rpc/resolve-principal";
import { publishEvent } from "@topdog/messaging/publish";
import { eventually } from "@topdog/testing/eventually";
import { errorOf, startPlatform, type Gateway, type Platform } from "./platform.ts";

let platform: Platform;
let gateway: Gateway;
beforeAll(async () => {
  platform = await startPlatform();
  gateway = await platform.startGateway({ PRINCIPAL_TTL_MS: "600000" });
});
afterAll(() => platform.stop());

const ofKey = (id: string, limit: number, version = 1): Ceiling => ({
  owner: `key:${id}`,
  limit,
  version,
  setBy: "holder",
});

test("a key at its ceiling is refused, with who set it and when it resets, although its plan has more", async () => {
  const { key } = platform.newKey({ ceilings: [ofKey("key_a", 2)] });
  for (const remaining of [1, 0]) {
    const served = await gateway.call(key);
    expect([served.status, served.headers["x-ratelimit-source"]]).toEqual([200, "personal"]);
    expect(served.headers["ratelimit-policy"]).toContain('"key-calls";q=2;w=86400');
    expect(served.headers["x-ratelimit-remaining-requests"]).toBe(String(remaining));
  }
  expect(platform.router.seen.at(-1)?.charges.map(({ meter }) => meter)).toEqual([
    "api_calls",
    "llm_requests",
    "capped_calls",
  ]);
  const refused = await gateway.call(key);
  expect([refused.status, errorOf(refused).code, refused.headers["x-should-retry"]]).toEqual([
    429,
    "daily_ceiling_reached",
    "false",
  ]);
  expect(errorOf(refused).message).toContain("2 calls a day, set by whoever holds the key");
  expect(refused.headers["ratelimit"]).toMatch(/^"key-calls";r=0;t=\d+$/);
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
});

test("a changed ceiling is in force as soon as the key's change is heard", async () => {
  const { key, keyHash, principal } = platform.newKey({ ceilings: [ofKey("key_b", 1)] });
  expect((await gateway.call(key)).status).toBe(200);
  expect((await gateway.call(key)).status).toBe(429);
  platform.keys.set(keyHash, { ...principal, ceilings: [ofKey("key_b", 3, 2)] });
  const { keyId, userId, orgId } = principal;
  const fact = { keyId, keyHash, userId, orgId, at: new Date().toISOString() };
  await publishEvent(await platform.nats.busOf("org-registry"), apiKeyChanged, fact, { id: `ceiling-${keyId}` });
  await eventually(async () => expect((await gateway.call(key)).status).toBe(200));
});

test("a member's ceiling counts the calls of all their keys, whichever bucket pays", async () => {
  const ceilings: Ceiling[] = [{ owner: "member:org_1:usr_1", limit: 3, version: 4, setBy: "org" }];
  const keys = [1, 0].map((apiCalls) => platform.newKey({ org: "org_1", apiCalls, llmRequests: 9, pool: 9, ceilings }));
  const sources = [];
  for (const { key } of [...keys, ...keys]) sources.push((await gateway.call(key)).headers["x-ratelimit-source"]);
  expect(sources).toEqual(["personal", "org_pool", "org_pool", undefined]);
  const refused = await gateway.call(keys[0]?.key ?? "");
  expect(errorOf(refused).message).toContain("set by an admin of the org");
});

test("calls that cost nothing are limited by the minute for each key, also for who has nothing left of the day", async () => {
  const few = await platform.startGateway({ FREE_CALLS_PER_MINUTE: "2" });
  const models = { method: "GET", path: "/v1/models" } as const;
  const { key } = platform.newKey({ apiCalls: 0 });
  const served = [await few.call(key, models), await few.call(key, models)];
  expect(served.map(({ status, headers }) => [status, headers["x-ratelimit-remaining-requests"]])).toEqual([
    [200, "1"],
    [200, "0"],
  ]);
  const refused = await few.call(key, models);
  expect([refused.status, errorOf(refused).code]).toEqual([429, "free_calls_exceeded"]);
  expect(refused.headers["ratelimit"]).toMatch(/^"free-calls";r=0;t=\d+$/);
  expect(refused.headers["x-topdog-charged"]).toBe("none");
  expect(refused.headers["x-should-retry"]).toBeUndefined();
  expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
  expect((await few.call(platform.newKey().key, models)).status).toBe(200);
});

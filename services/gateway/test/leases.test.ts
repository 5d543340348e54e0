import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import { sendSignal } from "@topdog/messaging/signal";
import { eventually } from "@topdog/testing/eventually";
import { errorOf, startPlatform, type Answer, type Gateway, type Platform } from "./platform.ts";

let platform: Platform;

beforeEach(async () => {
  platform = await startPlatform({ window: 4 });
});
afterEach(() => platform.stop());

/** Takes an API call and nothing else. */
const stored = { method: "GET", path: "/v1/responses/resp_1" } as const;
const count = (answers: readonly Answer[], status: number): number =>
  answers.filter((one) => one.status === status).length;

/** `calls` calls, `atOnce` of them under way at any time. */
async function load(gateway: Gateway, key: string, calls: number, atOnce: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < calls) {
      begun += 1;
      answers.push(await gateway.call(key));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}

test("a changed limit's signal makes a gateway give back what it holds unused, without a call, and the next call sees the new limit", async () => {
  const gateway = await platform.startGateway();
  const { key, principal } = platform.newKey({ apiCalls: 10 });
  const owner = principal.buckets.personal;
  expect((await gateway.call(key, stored)).headers["x-ratelimit-limit-requests"]).toBe("10");
  platform.quota.grant(owner, "api_calls", 20);
  sendSignal(await platform.nats.busOf("quota"), quotaRecalled, { owner, meter: "api_calls", reason: "limit_changed" });
  await eventually(() => expect(platform.quota.returned(owner, "api_calls")).toBe(9));
  await eventually(async () =>
    expect((await gateway.call(key, stored)).headers["x-ratelimit-limit-requests"]).toBe("20"),
  );
});

test("a key without buckets of its own is charged to the org bucket alone, and refused when that is spent", async () => {
  const gateway = await platform.startGateway();
  const { key, keyHash, principal } = platform.newKey({ org: "org_1", apiCalls: 0, llmRequests: 0, pool: 2 });
  platform.keys.set(keyHash, { ...principal, role: null, buckets: { personal: null, org: "org:org_1" } });
  const answers = await load(gateway, key, 3, 1);
  expect(answers.map((one) => [one.status, one.headers["x-ratelimit-source"]])).toEqual([
    [200, "org_pool"],
    [200, "org_pool"],
    [429, undefined],
  ]);
  expect(answers[2]?.headers["ratelimit-policy"]).toBe('"org-api-calls";q=2;w=86400');
  expect(platform.router.seen.at(-1)).toMatchObject({ source: "org_pool", charges: [{ meter: "api_calls" }] });
});

test("midnight by quota's clock ends yesterday's lease and its exhaustion; no token crosses the day", async () => {
  platform.quota.setNow(Date.parse("2026-11-22T23:00:00.000Z"));
  const gateway = await platform.startGateway();
  const { key } = platform.newKey({ apiCalls: 2 });
  const before = await load(gateway, key, 3, 1);
  expect(before.map((one) => one.status)).toEqual([200, 200, 429]);
  expect(Number(before[2]?.headers["retry-after"])).toBeLessThanOrEqual(3600);
  expect(platform.router.seen.at(-1)).toMatchObject({ day: "2026-11-22" });
  platform.quota.setNow(Date.parse("2026-11-23T00:00:01.000Z"));
  await eventually(async () => expect((await gateway.call(key)).status).toBe(200), { intervalMs: 100 });
  const after = await load(gateway, key, 2, 1);
  expect(after.map((one) => one.status)).toEqual([200, 429]);
  expect(platform.router.seen.at(-1)).toMatchObject({ day: "2026-11-23" });
});

describe("with the bus away", () => {
  test("what is held is served, then 503 with Retry-After and never 429; afterwards calls go on and every count is right", async () => {
    const gateway = await platform.startGateway();
    const { key, principal } = platform.newKey({ apiCalls: 1000 });
    const first = await load(gateway, key, 20, 2);
    expect(count(first, 200)).toBe(20);
    await eventually(() => expect(platform.quota.used(principal.buckets.personal, "llm_requests")).toBe(20));
    await platform.nats.kill9();
    const held = await load(gateway, key, 12, 12);
    expect(count(held, 200)).toBeGreaterThanOrEqual(2);
    expect(count(held, 200) + count(held, 503)).toBe(12);
    const refused = held.find((one) => one.status === 503) as Answer;
    expect([errorOf(refused).code, refused.headers["retry-after"]]).toEqual(["temporary_reduced_capacity", "1"]);
    expect((await gateway.call(key)).status).toBe(503);
    // It has leases, so it may serve somebody: it stays with its balancer, and tells operators what is wrong.
    await eventually(async () => {
      const ready = await gateway.call(null, { method: "GET", path: "/readyz" });
      expect([ready.status, ready.text]).toEqual([200, '{"status":"degraded"}']);
    });
    expect((await gateway.call(null, { method: "GET", path: "/livez" })).status).toBe(200);

    await platform.nats.restart();
    await eventually(async () => expect((await gateway.call(key, stored)).status).toBe(200));
    const delivered = count([...first, ...held], 200);
    await eventually(() =>
      expect(platform.quota.used(principal.buckets.personal, "llm_requests")).toBeGreaterThanOrEqual(delivered),
    );
    await eventually(async () =>
      expect((await gateway.call(null, { method: "GET", path: "/readyz" })).status).toBe(200),
    );
  });

  test("a key that was never seen cannot be checked: 503, and it works once the bus is back", async () => {
    const gateway = await platform.startGateway();
    const { key } = platform.newKey();
    await platform.nats.kill9();
    const answer = await gateway.call(key, stored);
    expect([answer.status, errorOf(answer).code]).toEqual([503, "temporary_reduced_capacity"]);
    // Without a single lease it can serve nobody.
    expect((await gateway.call(null, { method: "GET", path: "/readyz" })).status).toBe(503);
    await platform.nats.restart();
    await eventually(async () => expect((await gateway.call(key, stored)).status).toBe(200));
  });
});

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import { sendSignal } from "@topdog/messaging/signal";
import { eventually } from "@topdog/testing/eventually";
import { errorOf, startPlatform, type Answer, type Gateway, type Platform } from "./platform.ts";

let platform: Platform;

beforeEach(async () => {
  platform = await startPlatform({ maxGrant: 16, window: 4 });
});
afterEach(() => platform.stop());

const models = { method: "GET", path: "/v1/models" } as const;
const count = (answers: readonly Answer[], status: number): number =>
  answers.filter((one) => one.status === status).length;

/** `calls` calls, `concurrency` at a time, over all gateways in turn. */
async function load(gateways: readonly Gateway[], key: string, calls: number, concurrency: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < calls) {
      const gateway = gateways.at(next % gateways.length);
      if (gateway === undefined) return;
      next += 1;
      answers.push(await gateway.call(key));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return answers;
}

test("two gateways at full speed on one limit admit exactly that many calls, no more and no fewer", async () => {
  const gateways = [await platform.startGateway(), await platform.startGateway()];
  const { key, principal } = platform.newKey({ apiCalls: 500, llmRequests: 257 });
  const answers = await load(gateways, key, 600, 40);
  expect([count(answers, 200), count(answers, 429)]).toEqual([257, 600 - 257]);
  await eventually(() => expect(platform.quota.spent(principal.buckets.personal, "llm_requests")).toBe(257));
  expect(platform.quota.spent(principal.buckets.personal, "api_calls")).toBe(257);
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  expect(platform.quota.openTokens(principal.buckets.personal, "api_calls")).toBe(0);
});

test("a changed limit reaches a gateway by its signal at once, raised or lowered", async () => {
  const gateway = await platform.startGateway();
  const { key, principal } = platform.newKey({ apiCalls: 2 });
  const owner = principal.buckets.personal;
  const quota = await platform.nats.busOf("quota");
  const change = (limit: number): void => {
    platform.quota.setLimit(owner, "api_calls", limit);
    sendSignal(quota, quotaRecalled, { owner, meter: "api_calls", reason: "limit_changed" });
  };
  const statuses = async (calls: number): Promise<number[]> =>
    (await load([gateway], key, calls, 1)).map((one) => one.status);
  expect(await statuses(3)).toEqual([200, 200, 429]);
  change(20);
  await eventually(async () => expect(await statuses(1)).toEqual([200]));
  change(5);
  let admitted = 3;
  await eventually(async () => {
    const [status] = await statuses(1);
    if (status === 200) admitted += 1;
    expect(status).toBe(429);
  });
  // What was granted before the lowering stays good: one lease of at most 16.
  expect(admitted).toBeLessThanOrEqual(19);
});

test("midnight by quota's clock ends yesterday's lease and its exhaustion; no token crosses the day", async () => {
  platform.quota.setNow(Date.parse("2026-11-22T23:00:00.000Z"));
  const gateway = await platform.startGateway();
  const { key } = platform.newKey({ apiCalls: 2 });
  const before = await load([gateway], key, 3, 1);
  expect(before.map((one) => one.status)).toEqual([200, 200, 429]);
  expect(Number(before[2]?.headers["retry-after"])).toBeLessThanOrEqual(3600);
  expect(platform.router.seen.at(-1)).toMatchObject({ day: "2026-11-22" });
  platform.quota.setNow(Date.parse("2026-11-23T00:00:01.000Z"));
  await eventually(async () => expect((await gateway.call(key)).status).toBe(200), { intervalMs: 100 });
  const after = await load([gateway], key, 2, 1);
  expect(after.map((one) => one.status)).toEqual([200, 429]);
  expect(platform.router.seen.at(-1)).toMatchObject({ day: "2026-11-23" });
});

describe("with the bus away", () => {
  test("what is held is served, then 503 with Retry-After and never 429; afterwards everything goes on and adds up", async () => {
    const gateway = await platform.startGateway();
    const { key, principal } = platform.newKey({ apiCalls: 1000 });
    const first = await load([gateway], key, 20, 2);
    expect(count(first, 200)).toBe(20);
    await eventually(() => expect(platform.quota.spent(principal.buckets.personal, "llm_requests")).toBe(20));
    await platform.nats.kill9();
    const held = await load([gateway], key, 12, 12);
    expect(count(held, 200)).toBeGreaterThanOrEqual(2);
    expect(count(held, 200) + count(held, 503)).toBe(12);
    const refused = held.find((one) => one.status === 503) as Answer;
    expect([errorOf(refused).code, refused.headers["retry-after"]]).toEqual(["temporary_reduced_capacity", "1"]);
    expect((await gateway.call(key)).status).toBe(503);
    expect((await gateway.call(null, { method: "GET", path: "/readyz" })).status).toBe(503);
    expect((await gateway.call(null, { method: "GET", path: "/livez" })).status).toBe(200);

    await platform.nats.restart();
    await eventually(async () => expect((await gateway.call(key, models)).status).toBe(200));
    const delivered = count([...first, ...held], 200);
    await eventually(() =>
      expect(platform.quota.spent(principal.buckets.personal, "llm_requests")).toBeGreaterThanOrEqual(delivered),
    );
    expect((await gateway.call(null, { method: "GET", path: "/readyz" })).status).toBe(200);
  });

  test("a key that was never seen cannot be checked: 503, and it works once the bus is back", async () => {
    const gateway = await platform.startGateway();
    const { key } = platform.newKey();
    await platform.nats.kill9();
    const answer = await gateway.call(key, models);
    expect([answer.status, errorOf(answer).code]).toEqual([503, "temporary_reduced_capacity"]);
    await platform.nats.restart();
    await eventually(async () => expect((await gateway.call(key, models)).status).toBe(200));
  });
});

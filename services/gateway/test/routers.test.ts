import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { usageConsumed, usageIdOf, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { eventually } from "@topdog/testing/eventually";
import { usagesIn } from "@topdog/testing/usage-messages";
import { type FakeRouter, type RouterScript, startFakeRouter } from "./fake-router.ts";
import { type Answer, errorOf, type Gateway, type Platform, startPlatform } from "./platform.ts";

let platform: Platform;
const published: UsageConsumed[] = [];

beforeAll(async () => {
  platform = await startPlatform();
  platform.nats.bus.nc.subscribe(usageConsumed.subject, {
    callback: (_, message) => void published.push(...usagesIn(message.string())),
  });
  await platform.nats.bus.nc.flush();
});
afterAll(() => platform.stop());

const event = (text: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;

const sse = { "content-type": "text/event-stream" };

/** A stream of some milliseconds. */
const stream: RouterScript = (answer) => {
  answer.writeHead(200, sse).write(event("one"));
  setTimeout(() => answer.write(event("two")), 20);
  setTimeout(() => answer.end("data: [DONE]\n\n"), 40);
};

async function routers(count: number): Promise<readonly FakeRouter[]> {
  const all = await Promise.all(Array.from({ length: count }, () => startFakeRouter()));
  for (const one of all) one.script = stream;
  return all;
}

/** From here on its streams begin and do not end, and soon after the first of them it is gone, however many clients wait by then. */
function vanishInTheMiddle(router: FakeRouter): void {
  let hasBegun = false;
  router.script = (answer) => {
    answer.writeHead(200, sse).write(event("one"));
    if (!hasBegun) setTimeout(() => void router.stop(0), 20);
    hasBegun = true;
  };
}

const urlOf = (all: readonly FakeRouter[]): string => all.map(({ url }) => url).join(",");

/** On a slow machine quota's answer may take longer than a call waits: such a call has reached no router and is made again. */
async function callOnceAdmitted(gateway: Gateway, key: string): Promise<Answer> {
  for (;;) {
    const answer = await gateway.call(key);
    if (answer.status !== 503 || errorOf(answer).code !== "temporary_reduced_capacity") return answer;
  }
}

/** Calls of many clients at once; a call whose connection was cut is null. */
async function load(
  gateway: Gateway,
  key: string,
  calls: number,
  onCall: (n: number) => void,
): Promise<(Answer | null)[]> {
  const answers: (Answer | null)[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < calls) {
      next += 1;
      onCall(next);
      answers.push(await callOnceAdmitted(gateway, key).catch(() => null));
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  return answers;
}

describe("two routers", () => {
  test("of which one drains under load: no call fails, and all end up on the other", async () => {
    const both = await routers(2);
    const gateway = await platform.startGateway({ ROUTER_URL: urlOf(both) });
    await eventually(async () => expect(await gateway.metric("topdog_gateway_ready_router_links")).toBe(2));
    const { key } = platform.newKey({ apiCalls: 10_000, llmRequests: 10_000 });
    let stopped: Promise<void> | undefined;
    const answers = await load(gateway, key, 400, (n) => {
      if (n === 200) stopped = both[0]?.stop(10_000);
    });
    await stopped;
    expect(answers.filter((one) => one?.status !== 200 || !one.text.endsWith("[DONE]\n\n"))).toEqual([]);
    expect(Math.min(...both.map(({ seen }) => seen.length))).toBeGreaterThan(50);
    expect(await gateway.metric("topdog_gateway_ready_router_links")).toBe(1);
    await both[1]?.stop();
  });

  test("of which one vanishes for good: every admitted call is accounted for, by a router or by the gateway", async () => {
    const both = await routers(2);
    const gateway = await platform.startGateway({ ROUTER_URL: urlOf(both) });
    await eventually(async () => expect(await gateway.metric("topdog_gateway_ready_router_links")).toBe(2));
    const { key, principal } = platform.newKey({ apiCalls: 10_000, llmRequests: 10_000 });
    const answers = await load(gateway, key, 400, (n) => {
      if (n === 180) vanishInTheMiddle(both[0] as FakeRouter);
    });
    const whole = answers.filter((one) => one?.text.endsWith("[DONE]\n\n"));
    // Those that ran on it were cut, and no more.
    expect(whole.length).toBeGreaterThan(350);
    expect(whole.length).toBeLessThan(400);
    const seen = both.flatMap((one) => one.seen.map(usageIdOf));
    // Nothing runs twice.
    expect(new Set(seen).size).toBe(seen.length);
    await eventually(() => {
      const ours = published.filter(({ userId }) => userId === principal.userId).map(usageIdOf);
      const known = new Set([...ours, ...both.flatMap((one) => [...one.accountedFor])]);
      // Calls that it had not begun to answer were charged again, for the other.
      expect(known.size).toBeGreaterThanOrEqual(400);
      expect(platform.quota.used(principal.buckets.personal, "api_calls")).toBe(known.size);
    });
    await both[1]?.stop();
  });

  test("of which one dies before it answers: no call fails, and what it was charged for goes back", async () => {
    const both = await routers(2);
    const [dying] = both as [FakeRouter, FakeRouter];
    dying.script = () => undefined;
    const gateway = await platform.startGateway({ ROUTER_URL: urlOf(both) });
    await eventually(async () => expect(await gateway.metric("topdog_gateway_ready_router_links")).toBe(2));
    const { key, principal } = platform.newKey({ apiCalls: 1_000, llmRequests: 1_000 });
    const answers = Promise.all(Array.from({ length: 40 }, () => callOnceAdmitted(gateway, key)));
    await eventually(() => expect(dying.seen.length + (both[1]?.seen.length ?? 0)).toBe(40));
    const lost = dying.seen.map(usageIdOf);
    await dying.stop(0);
    expect((await answers).filter((one) => one.status !== 200 || !one.text.endsWith("[DONE]\n\n"))).toEqual([]);
    expect(lost.length).toBeGreaterThan(5);
    await eventually(() => {
      const back = published.filter(({ userId, refund }) => refund && userId === principal.userId).map(usageIdOf);
      expect(back.toSorted()).toEqual(lost.toSorted());
    });
    expect(await gateway.metric('topdog_gateway_moved_calls_total{reason="lost"')).toBe(lost.length);
    await both[1]?.stop();
  });
});

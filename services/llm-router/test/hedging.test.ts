import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import {
  chatCompletion,
  chatEvents,
  type FakeReply,
  type FakeUpstream,
  startFakeUpstream,
} from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { callerOf, startVault } from "./byok-rig.ts";
import { type Answer, chatBody, type RouterRig, startRouter } from "./router-rig.ts";
import { callsTo } from "./router-setting.ts";

const afterMs = 60;
const never: FakeReply = { hang: true };
const streamOf = (text: string, more: FakeReply = {}): FakeReply => ({ events: chatEvents([text, text]), ...more });
const failing: FakeReply = { status: 500, body: {} };

let nats: TestNats;
/** Asked first, and beside it or after it. */
let first: FakeUpstream;
let second: FakeUpstream;
let replies: readonly [FakeReply, FakeReply];
let rig: RouterRig;

async function routerWith(hedging: object): Promise<RouterRig> {
  const model = { id: "m", promptNanoUsdPerToken: 1, completionNanoUsdPerToken: 1000 };
  const upstream = (id: string, { url }: FakeUpstream) => ({ id, baseUrl: url, models: [model] });
  const policy = {
    weights: [
      { upstream: "up-0", weight: 1 },
      { upstream: "up-1", weight: 0 },
    ],
    hedging,
  };
  const file = join(mkdtempSync(join(tmpdir(), "topdog-hedging-")), "routing.json");
  writeFileSync(file, JSON.stringify(policy));
  const pool = JSON.stringify([upstream("up-0", first), upstream("up-1", second)]);
  // A breaker that opens would ask the second one alone.
  return startRouter(nats, { UPSTREAMS: pool, ROUTING_FILE: file, BREAKER_VOLUME: "1000", KEEP_ALIVE_MS: "2000" });
}

beforeAll(async () => {
  nats = await testNats();
  const script = (index: 0 | 1) => (request: { readonly body: string }) =>
    request.body.includes('"stream":true') ? replies[index] : { body: chatCompletion("whole"), firstByteDelayMs: 100 };
  first = await startFakeUpstream(script(0));
  second = await startFakeUpstream(script(1));
  rig = await routerWith({ rules: [{ afterMs }], maxCallShare: 1, maxCostShare: 1 });
});
afterAll(async () => {
  await rig.stop();
  await Promise.all([first.close(), second.close(), nats.stop()]);
});
beforeEach(async () => {
  // What second attempts may cost is earned by calls.
  await rig.call(chatBody({ model: "m" }));
});

const asked = (): number[] => [callsTo(first).length, callsTo(second).length];
const result = (name: string): Promise<number> => rig.metric(`topdog_llm_router_hedges_total{result="${name}"`);
const stream = (of = rig, options = {}): Promise<Answer & { seq: number }> =>
  of.call(chatBody({ model: "m", stream: true }), options);
const said = ({ events }: Answer): string =>
  events
    .filter((one) => one !== "[DONE]")
    .map((one) => (JSON.parse(one) as { choices: { delta?: { content?: string } }[] }).choices[0]?.delta?.content ?? "")
    .join("");

test("a stream without content in time is asked for at a second upstream, which answers it alone; the first is broken off", async () => {
  replies = [never, streamOf("b")];
  const [won, before] = [await result("won"), asked()];
  const cost = await rig.metric("topdog_llm_router_hedge_cost_usd_total");
  const answer = await stream();
  expect([said(answer), answer.headers["x-topdog-provider"], answer.headers["x-topdog-attempts"]]).toEqual([
    "bb",
    "up-1",
    "2",
  ]);
  await first.requests.at(-1)!.aborted;
  expect(asked()).toEqual(before.map((count) => count + 1));
  const usage = { provider: "up-1", attempts: 2, outcome: "ok", completionTokens: 7, costNanoUsd: 5 + 7000 };
  expect(await rig.usage(answer.seq)).toMatchObject(usage);
  expect((await rig.usages()).filter(({ charges }) => charges[0]!.seq === answer.seq)).toHaveLength(1);
  expect(await result("won")).toBe(won + 1);
  expect(await rig.metric("topdog_llm_router_hedge_cost_usd_total")).toBeGreaterThan(cost);
});

test("a first one that answers after all is taken, and the second is broken off", async () => {
  replies = [streamOf("a", { firstByteDelayMs: 10 * afterMs }), never];
  const lost = await result("lost");
  const answer = await stream();
  expect([said(answer), answer.headers["x-topdog-provider"]]).toEqual(["aa", "up-0"]);
  await second.requests.at(-1)!.aborted;
  expect(await rig.usage(answer.seq)).toMatchObject({ provider: "up-0", attempts: 2, outcome: "ok" });
  expect(await result("lost")).toBe(lost + 1);
});

test("whichever fails, the other one's answer is waited for; where both fail, whoever failed first says why", async () => {
  const late = 10 * afterMs;
  replies = [{ ...failing, firstByteDelayMs: 5 * afterMs }, streamOf("b", { firstByteDelayMs: late })];
  expect(said(await stream())).toBe("bb");
  replies = [streamOf("a", { firstByteDelayMs: late }), failing];
  expect(said(await stream())).toBe("aa");
  // What one provider refuses the other may take.
  replies = [streamOf("a", { firstByteDelayMs: late }), { status: 400, body: { error: { message: "not here" } } }];
  expect(said(await stream())).toBe("aa");
  replies = [{ status: 503, body: {}, firstByteDelayMs: late }, failing];
  const failed = await stream();
  expect([failed.status, await rig.usage(failed.seq)]).toMatchObject([502, { attempts: 2, refund: true }]);
});

test("a caller who leaves ends both", async () => {
  replies = [never, never];
  const before = asked();
  // At the first comment, which comes while nobody has answered.
  const { seq } = await stream(rig, { abortAfterBytes: 1 });
  expect(asked()).toEqual(before.map((count) => count + 1));
  await Promise.all([first.requests.at(-1)!.aborted, second.requests.at(-1)!.aborted]);
  expect(await rig.usage(seq)).toMatchObject({ outcome: "client_closed", attempts: 2 });
});

test("only streams under the platform's credential are asked for twice", async () => {
  const vault = await startVault(await nats.busOf("org-registry"));
  await vault.add("user:usr_1", "up-0", "sk-own");
  await vault.add("user:usr_1", "up-1", "sk-own");
  replies = [streamOf("a", { firstByteDelayMs: 3 * afterMs }), streamOf("b")];
  const before = asked();
  const own = await stream(rig, { principal: callerOf("usr_1", ["user:usr_1"]) });
  expect([own.headers["x-topdog-credential"], said(own)]).toEqual(["user", "aa"]);
  expect((await rig.call(chatBody({ model: "m" }))).status).toBe(200);
  expect(asked()).toEqual([before[0]! + 2, before[1]]);
  await vault.stop();
});

test("no more calls are asked for twice than the operator's share of calls and of cost", async () => {
  replies = [streamOf("a", { firstByteDelayMs: 5 * afterMs }), streamOf("b")];
  const hedging = { rules: [{ model: "m", afterMs }] };
  for (const shares of [
    { maxCallShare: 0.5, maxCostShare: 1 },
    { maxCallShare: 1, maxCostShare: 1e-9 },
  ]) {
    const small = await routerWith({ ...hedging, ...shares });
    const before = asked()[1]!;
    await small.call(chatBody({ model: "m" }));
    for (let call = 0; call < 5; call += 1) await stream(small);
    const hedged = asked()[1]! - before;
    expect([shares, hedged]).toEqual([shares, shares.maxCostShare === 1 ? 2 : 0]);
    expect(await small.metric('topdog_llm_router_hedges_total{result="over_budget"')).toBe(5 - hedged);
    await small.stop();
  }
});

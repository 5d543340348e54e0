import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { eventually } from "@topdog/testing/eventually";
import { chatCompletion, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { type RouterRig, send, startRouter, upstreams } from "./router-rig.ts";

const operatorToken = randomBytes(24).toString("base64url");
let nats: TestNats;
let router: RouterRig;
beforeAll(async () => {
  nats = await testNats();
  router = await startRouter(nats, { OPERATOR_TOKEN: operatorToken });
});
afterAll(async () => {
  await router.stop();
  await nats.stop();
});

const url = (): string => `${router.opsUrl}/consistency/sli`;
async function judge(body: object, headers: object = {}): Promise<{ status: number; body: unknown }> {
  const all = { "content-type": "application/json", ...headers };
  const { status, text } = await send(url(), { method: "POST", body: JSON.stringify(body), headers: all });
  return { status, body: JSON.parse(text) };
}

test("scores and outputs become series by plan and segment, and are read again", async () => {
  const medical = { "x-plan": "med_pro", "x-data-segment": "medical" };
  const scored = { plan: "med_pro", segment: "medical", hallucinationSeverity: null };
  expect(await judge({ score: 0.9 }, medical)).toEqual({ status: 200, body: { ...scored, score: 0.9 } });
  expect(await judge({ outputs: ["yes", "no"] }, medical)).toEqual({ status: 200, body: { ...scored, score: 0 } });
  const bad = await judge({ score: 1, hallucinationSeverity: 0.4 });
  expect(bad.body).toEqual({ plan: "unknown", segment: "general", score: 1, hallucinationSeverity: 0.4 });
  const name = "topdog_llm_router_answer_consistency_ratio";
  expect(await router.metric(`${name}_sum{service="llm-router",plan="med_pro",segment="medical"`)).toBe(0.9);
  expect(await router.metric(`${name}_count{service="llm-router",plan="med_pro",segment="medical"`)).toBe(2);
  const severity = "topdog_llm_router_hallucination_severity_ratio";
  expect(await router.metric(`${severity}_sum{service="llm-router",plan="unknown",segment="general"`)).toBe(0.4);
  const { status, text } = await send(url(), { method: "GET" });
  expect([status, JSON.parse(text)]).toEqual([
    200,
    {
      answerConsistency: {
        samples: 3,
        mean: 1.9 / 3,
        by: [
          { plan: "med_pro", segment: "medical", samples: 2, mean: 0.45 },
          { plan: "unknown", segment: "general", samples: 1, mean: 1 },
        ],
      },
      hallucinationSeverity: {
        samples: 1,
        mean: 0.4,
        by: [{ plan: "unknown", segment: "general", samples: 1, mean: 0.4 }],
      },
    },
  ]);
});

test.each([
  [{}, {}],
  [{ score: 1.1 }, {}],
  [{ score: 1, outputs: ["a", "b"] }, {}],
  [{ outputs: ["alone"] }, {}],
  [{ outputs: Array.from({ length: 21 }, () => "a") }, {}],
  [{ score: 1, more: 1 }, {}],
  [{ score: 1 }, { "x-plan": "gold" }],
  [{ score: 1 }, { "x-data-segment": "legal" }],
])("%j with %j is refused", async (body, headers) => {
  expect((await judge(body, headers)).status).toBe(400);
});

test("is not there on the public port but for an operator", async () => {
  const body = JSON.stringify({ score: 1 });
  const publicUrl = `${router.url}/consistency/sli`;
  const headers = { "content-type": "application/json" };
  expect((await send(publicUrl, { method: "POST", body, headers })).status).toBe(404);
  const authorization = `Bearer ${operatorToken}`;
  expect((await send(publicUrl, { method: "POST", body, headers: { ...headers, authorization } })).status).toBe(200);
});

test("a model that an operator named gets a question of ours three times, and its answers are judged by their words", async () => {
  const said = ["two three five", "two three five", "two three seven"];
  const fake = await startFakeUpstream((_request, index) => ({ body: chatCompletion(said[index] ?? "two") }));
  const probing = await startRouter(nats, {
    UPSTREAMS: upstreams(fake.url),
    CONSISTENCY_PROBE_MODEL: "sandbox-small",
    CONSISTENCY_PROBE_INTERVAL_MS: "600000",
  });
  const name = "topdog_llm_router_answer_consistency_ratio";
  const labels = 'service="llm-router",plan="unknown",segment="general"';
  // Alike; half of the words in common, twice.
  await eventually(async () => expect(await probing.metric(`${name}_sum{${labels}`)).toBeCloseTo((1 + 0.5 + 0.5) / 3));
  const asked = fake.requests.map(({ body }) => JSON.parse(body) as { messages: unknown });
  expect([asked.length, new Set(asked.map((one) => JSON.stringify(one))).size]).toEqual([3, 1]);
  await probing.stop();
  await fake.close();
});

test("a model that nobody serves here is a wrong configuration", async () => {
  await expect(startRouter(nats, { CONSISTENCY_PROBE_MODEL: "no-such-model" })).rejects.toThrow("no-such-model");
});

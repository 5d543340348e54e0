import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { type RouterRig, send, startRouter } from "./router-rig.ts";

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

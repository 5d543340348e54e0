import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chatCompletion, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { testNats, type TestNats } from "@topdog/testing/nats";
import { chatBody, type RouterRig, startRouter, upstreams } from "./router-rig.ts";

let nats: TestNats;
let rig: RouterRig;
let fake: Awaited<ReturnType<typeof startFakeUpstream>>;
beforeAll(async () => {
  nats = await testNats();
  fake = await startFakeUpstream(() => ({ body: chatCompletion("hello") }));
  rig = await startRouter(nats, { UPSTREAMS: upstreams(fake.url) });
});
afterAll(async () => {
  await rig.stop();
  await fake.close();
  await nats.stop();
});
const errorOf = (text: string) =>
  (JSON.parse(text) as { error: { type: string; code: string; param: string | null } }).error;

describe("a key that may call some models only", () => {
  test("is refused another model before a provider is asked, which costs an API call and no LLM request", async () => {
    const refused = await rig.call(chatBody(), { models: ["sandbox-large"] });
    expect([refused.status, fake.requests.length]).toEqual([403, 0]);
    expect(errorOf(refused.text)).toMatchObject({
      code: "model_not_allowed",
      type: "permission_error",
      param: "model",
    });
    expect(await rig.usage(refused.seq)).toMatchObject({ outcome: "rejected", refund: false, refundsLlmRequest: true });
    expect((await rig.call(chatBody(), { models: ["sandbox-large", "sandbox-small"] })).status).toBe(200);
  });

  test("sees those alone in the list of models", async () => {
    const idsFor = async (models: string[]): Promise<string[]> => {
      const { text } = await rig.get("/v1/models", { models });
      return (JSON.parse(text) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    expect([await idsFor(["sandbox-small"]), await idsFor(["gpt-5"])]).toEqual([["sandbox-small"], []]);
    const other = await rig.get("/v1/models/sandbox-small", { models: ["gpt-5"] });
    expect([other.status, errorOf(other.text).code]).toEqual([403, "model_not_allowed"]);
  });
});

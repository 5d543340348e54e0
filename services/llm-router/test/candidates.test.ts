import { describe, expect, test } from "@jest/globals";
import { samplesOf } from "@topdog/testing/dialect-samples";
import type { FakeUpstream } from "@topdog/testing/fake-upstream";
import { chatBody } from "./router-rig.ts";
import { errorOf, useRouters } from "./router-setting.ts";

const { upstream, start } = useRouters();

/** An upstream that serves the model `m`, and speaks one dialect. */
const speaker = (id: string, fake: FakeUpstream, dialect: string, price: number): object => ({
  id,
  baseUrl: `${fake.url}/v1`,
  dialects: [dialect],
  models: [{ id: "m", promptNanoUsdPerToken: price, completionNanoUsdPerToken: price }],
});
const answering = (id: "anthropic-messages" | "openai-chat") =>
  upstream(() => ({ body: samplesOf({ id }).answer("hello") }));
const inJson = chatBody({ model: "m", response_format: { type: "json_object" } });

describe("a call that a provider cannot be told", () => {
  test("goes to the next one, costs no attempt, and harms nobody", async () => {
    const [deepseek, other] = await Promise.all([answering("openai-chat"), answering("openai-chat")]);
    const models = [{ id: "deepseek-chat", promptNanoUsdPerToken: 900, completionNanoUsdPerToken: 900 }];
    const rig = await start({
      DEEPSEEK_API_KEY: "sk-of-the-platform",
      DEEPSEEK_BASE_URL: deepseek.url,
      UPSTREAMS: JSON.stringify([{ id: "dear", baseUrl: other.url, models }]),
    });
    const format = { type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } };
    const carried = await rig.call(chatBody({ model: "deepseek-chat", response_format: format }));
    expect(carried.headers).toMatchObject({ "x-topdog-provider": "dear", "x-topdog-attempts": "1" });
    expect([carried.status, deepseek.requests.length]).toEqual([200, 0]);
    const cheap = await rig.call(chatBody({ model: "deepseek-chat", user: "u" }));
    expect(cheap.headers).toMatchObject({ "x-topdog-provider": "deepseek", "x-topdog-dropped": "user" });
    expect(deepseek.requests[0]!.headers["authorization"]).toBe("Bearer sk-of-the-platform");
  });

  test("is not brought to one that speaks another dialect where one speaks its own, also a dearer one", async () => {
    const [messages, chat] = await Promise.all([answering("anthropic-messages"), answering("openai-chat")]);
    const pool = [speaker("foreign", messages, "anthropic-messages", 1), speaker("own", chat, "openai-chat", 9)];
    const rig = await start({ UPSTREAMS: JSON.stringify(pool) });
    expect((await rig.call(chatBody({ model: "m" }))).headers["x-topdog-provider"]).toBe("own");
    expect(messages.requests).toHaveLength(0);
  });

  test("is the caller's to mend where nobody else is left: a 400 that names the member, and no LLM request", async () => {
    const messages = await answering("anthropic-messages");
    const rig = await start({ UPSTREAMS: JSON.stringify([speaker("only", messages, "anthropic-messages", 1)]) });
    const refused = await rig.call(inJson);
    expect([refused.status, errorOf(refused.text).param, messages.requests.length]).toEqual([400, "format", 0]);
    expect(await rig.usage(refused.seq)).toMatchObject({ outcome: "rejected", refundsLlmRequest: true, attempts: 0 });
  });
});

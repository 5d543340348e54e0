import { describe, expect, test } from "@jest/globals";
import { dialects } from "@topdog/dialects/dialects";
import { chatCompletion, startFakeUpstream } from "@topdog/testing/fake-upstream";
import { builtInProviders } from "../src/clients/providers/built-in.ts";
import type { AttemptOutcome } from "../src/clients/providers/provider.ts";

const openAiChat = dialects.find(({ id }) => id === "openai-chat")!;
const timeouts = { firstContentTimeoutMs: 2000, interChunkTimeoutMs: 2000, totalTimeoutMs: 9000 };

/** What a provider is sent for a body, as text; null when it is not asked. */
async function sent(id: string, body: string): Promise<{ outcome: AttemptOutcome; text: string | null }> {
  const fake = await startFakeUpstream(() => ({ body: chatCompletion("x") }));
  const { create } = builtInProviders.find((one) => one.id === id)!;
  const provider = create({
    baseUrl: `${fake.url}/v1`,
    maxConnections: 1,
    connectTimeoutMs: 1000,
    mayConnectTo: () => true,
  });
  const request = openAiChat.readRequest(Buffer.from(body));
  const outcome = await provider.open({ format: openAiChat, request, requestId: "r", headers: [], ...timeouts }, null)
    .outcome;
  await provider.close();
  await fake.close();
  return { outcome, text: fake.requests[0]?.body ?? null };
}

const start = '{"model": "m","messages":[{"role":"user","content":"hi"}]';
const exact = '"top_p": 0.10000000000000000055511, "of_next_year":{"max_tokens":[1.0]}';

describe("where a provider's chat completions are not OpenAI's", () => {
  test("a member is called what the provider calls it, and every other byte stays", async () => {
    const { text } = await sent("mistral", `${start},"max_completion_tokens": 9007199254740993, "seed":1,${exact} }`);
    expect(text).toBe(`${start},"max_tokens":9007199254740993,"random_seed":1,${exact.replace(", ", ",")}}`);
  });

  test("a member that is called as something every object has is the provider's to judge", async () => {
    const odd = `${start},"constructor":1,"toString":2,"__proto__":{"a":3}}`;
    for (const id of ["mistral", "deepseek"]) expect((await sent(id, odd)).text).toBe(odd);
  });

  test("said in the new word and the old, the new one counts and no key is there twice", async () => {
    const both = await sent("deepseek", `${start},"max_tokens":5,"max_completion_tokens":7}`);
    expect(both.text).toBe(`${start},"max_tokens":7}`);
    const old = await sent("deepseek", `${start},"max_tokens":5}`);
    expect(old.text).toBe(`${start},"max_tokens":5}`);
  });

  test("what it refuses and the answer does not depend on is left out and named; what says nothing, silently", async () => {
    const { outcome, text } = await sent("mistral", `${start},"user":"u","logprobs":false,"store":null}`);
    expect(text).toBe(`${start}}`);
    expect(outcome).toMatchObject({ kind: "answer", dropped: ["user", "store"] });
    expect((await sent("groq", `${start},"n":1,"logit_bias":{}}`)).text).toBe(`${start}}`);
  });

  test("a stream's usage is asked for only where that may be asked", async () => {
    const body = `${start},"stream":true}`;
    expect((await sent("mistral", body)).text).not.toContain("stream_options");
    expect((await sent("groq", body)).text).toContain('"stream_options":{"include_usage":true}');
  });

  test.each([
    ["groq", "n", "2"],
    ["groq", "logprobs", "true"],
    ["mistral", "logit_bias", '{"50256":-100}'],
    ["deepseek", "response_format", '{"type":"json_schema","json_schema":{"name":"a","schema":{}}}'],
    ["together", "top_logprobs", "3"],
    ["openrouter", "models", '["openai/gpt-5.5"]'],
    ["openrouter", "plugins", '[{"id":"web"}]'],
  ])("%s is not asked for %s that it cannot do, or that would cost another price", async (id, name, value) => {
    const { outcome, text } = await sent(id, `${start},"${name}":${value}}`);
    expect(text).toBeNull();
    expect(outcome).toMatchObject({ kind: "uncarried", refusal: { param: name, type: "invalid_request_error" } });
  });
});

import Anthropic, { AuthenticationError, BadRequestError, NotFoundError } from "@anthropic-ai/sdk";
import { beforeAll, expect, test } from "@jest/globals";
import type { Platform } from "../platform.ts";
import { waitForLedger } from "../ledger.ts";

const hello = {
  model: "sandbox-small",
  max_tokens: 200,
  messages: [{ role: "user" as const, content: "Say hello to the team" }],
};
const weatherTool = {
  name: "get_weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((reason: unknown) => reason);

/** Anthropic's package with only `baseURL` and `apiKey` changed. */
export function tellOfAnthropic(platform: () => Platform): void {
  let client: Anthropic;
  beforeAll(() => {
    client = new Anthropic({ baseURL: platform().gatewayUrl, apiKey: platform().demo.userKey, maxRetries: 0 });
  });

  test("a message has the SDK's shape and stands in the ledger with its exact tokens", async () => {
    const { data, response } = await client.messages.create(hello).withResponse();
    expect(data).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(data.content[0]).toMatchObject({ type: "text", text: expect.stringMatching(/^Sandbox reply/) });
    expect(response.headers.get("x-ratelimit-source")).toBe("personal");
    const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
    const { input_tokens: promptTokens, output_tokens: completionTokens } = data.usage;
    expect(row).toMatchObject({ outcome: "ok", estimated: false, prompt_tokens: promptTokens });
    expect(row).toMatchObject({ endpoint: "messages", completion_tokens: completionTokens });
  });

  test("a stream is the same message, thinking first and signed, and its exact tokens stand in the ledger", async () => {
    const thinking = { ...hello, max_tokens: 2000, thinking: { type: "enabled" as const, budget_tokens: 1024 } };
    const plain = await client.messages.create(thinking);
    const stream = client.messages.stream(thinking);
    const { response } = await stream.withResponse();
    const streamed = await stream.finalMessage();
    expect(streamed.content).toMatchObject(plain.content.map(({ type }) => ({ type })));
    expect(streamed.content.map((block) => (block.type === "text" ? block.text : ""))).toEqual(
      plain.content.map((block) => (block.type === "text" ? block.text : "")),
    );
    expect(streamed.content[0]).toMatchObject({ type: "thinking", signature: expect.stringMatching(/./) });
    expect(streamed.usage.output_tokens).toBe(plain.usage.output_tokens);
    expect(plain._request_id).toMatch(/^req_/);
    const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({ streamed: true, estimated: false, completion_tokens: streamed.usage.output_tokens });
  });

  test("a tool is called with arguments that fit, and after its result the turn ends", async () => {
    const messages: Anthropic.MessageParam[] = [{ role: "user", content: "Use get_weather, please" }];
    const asked = await client.messages.create({ ...hello, tools: [weatherTool], messages });
    const call = asked.content.find((block) => block.type === "tool_use");
    expect([asked.stop_reason, call?.name, call?.input]).toEqual(["tool_use", "get_weather", { city: "sandbox" }]);
    messages.push({ role: "assistant", content: asked.content });
    messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call?.id ?? "", content: "sunny" }] });
    const answered = await client.messages.create({ ...hello, tools: [weatherTool], messages });
    expect(answered.stop_reason).toBe("end_turn");
  });

  test("errors are the SDK's own classes, in Anthropic's shape, with the request id", async () => {
    const wrong = new Anthropic({ baseURL: platform().gatewayUrl, apiKey: `td_${"A".repeat(49)}`, maxRetries: 0 });
    const unauthenticated = await failureOf(wrong.messages.create(hello));
    expect(unauthenticated).toBeInstanceOf(AuthenticationError);
    const unknown = await failureOf(client.messages.create({ ...hello, model: "no-such-model" }));
    expect(unknown).toBeInstanceOf(NotFoundError);
    expect(unknown).toMatchObject({
      requestID: expect.stringMatching(/^req_/),
      error: { type: "error", error: { type: "not_found_error" }, request_id: expect.stringMatching(/^req_/) },
    });
    const unbounded = await failureOf(client.messages.create({ ...hello, max_tokens: 0 }));
    expect(unbounded).toBeInstanceOf(BadRequestError);
    expect(String(unbounded)).toContain("max_tokens");
    const paid = { ...hello, tools: [{ type: "web_search_20250305" as const, name: "web_search" as const }] };
    expect(String(await failureOf(client.messages.create(paid)))).toContain("tools[0].type");
  });

  test("a stream that breaks is an error, never a whole message", async () => {
    for (const index of [0, 1]) await platform().setFault(index, { cutAfterChunks: 5 });
    const failed = await failureOf(client.messages.stream(hello).finalMessage());
    expect(failed).toBeInstanceOf(Error);
    for (const index of [0, 1]) await platform().setFault(index, null);
  });

  test("models have the SDK's shape in one page, and a model that is not there is an error in Anthropic's shape", async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain("sandbox-small");
    const model = await client.models.retrieve("sandbox-small");
    expect(model).toMatchObject({ type: "model", max_input_tokens: 128_000, max_tokens: 16_384 });
    expect(new Date(model.created_at).getUTCFullYear()).toBe(2023);
    const missing = await failureOf(client.models.retrieve("no-such-model"));
    expect(missing).toBeInstanceOf(NotFoundError);
    expect(missing).toMatchObject({ error: { type: "error", error: { type: "not_found_error" } } });
  });

  test("the tokens of a prompt are counted as its message counts them, for one API call and no LLM request", async () => {
    const { max_tokens: _, ...prompt } = { ...hello, system: "Be brief.", tools: [weatherTool] };
    const { data, response } = await client.messages.countTokens(prompt).withResponse();
    const message = await client.messages.create({ ...hello, ...prompt });
    expect(data.input_tokens).toBe(message.usage.input_tokens);
    const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({ endpoint: "messages.count_tokens", outcome: "ok", provider: null });
    const unknown = await failureOf(client.messages.countTokens({ ...prompt, model: "no-such-model" }));
    expect(unknown).toBeInstanceOf(NotFoundError);
  });
}

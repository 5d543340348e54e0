import { beforeAll, expect, test } from "@jest/globals";
import OpenAI, { BadRequestError, NotFoundError } from "openai";
import { waitForLedger } from "../ledger.ts";
import type { Platform } from "../platform.ts";

const hello = { model: "sandbox-small", input: "Say hello to the team" };
const lookUp = {
  type: "function" as const,
  name: "look_up",
  strict: true,
  parameters: { type: "object", properties: { q: { type: "string" } }, required: ["q"] },
};

/** OpenAI's package: responses, and what it repeats. */
export function tellOfOpenAiResponses(platform: () => Platform): void {
  let client: OpenAI;
  beforeAll(() => {
    client = new OpenAI({ baseURL: `${platform().gatewayUrl}/v1`, apiKey: platform().demo.userKey, maxRetries: 0 });
  });

  test("a response has the SDK's shape and stands in the ledger with its exact tokens", async () => {
    const { data, response } = await client.responses.create(hello).withResponse();
    expect(data).toMatchObject({ object: "response", status: "completed", store: true });
    expect(data.output_text).toMatch(/^Sandbox reply/);
    const [row] = await waitForLedger(platform(), response.headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({ endpoint: "responses", estimated: false, prompt_tokens: data.usage?.input_tokens });
    expect(row).toMatchObject({ completion_tokens: data.usage?.output_tokens });
  });

  test("a stream's events are numbered without a gap, items keep their place, and the last event holds the whole", async () => {
    const asked = { ...hello, reasoning: { effort: "low" as const, summary: "auto" as const } };
    const plain = await client.responses.create(asked);
    const types: string[] = [];
    const numbers: number[] = [];
    let text = "";
    let last: OpenAI.Responses.Response | undefined;
    for await (const event of await client.responses.create({ ...asked, stream: true })) {
      types.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === "response.output_text.delta") text += event.delta;
      if (event.type === "response.completed") last = event.response;
    }
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(types.filter((type) => type === "response.created")).toHaveLength(1);
    expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"]);
    expect(last?.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
    expect(text).toBe(plain.output_text);
    expect(last?.usage).toEqual(plain.usage);
  });

  test("a tool is called with arguments that fit, and after its output the turn ends", async () => {
    const input: OpenAI.Responses.ResponseInputItem[] = [{ role: "user", content: "look_up" }];
    const asked = await client.responses.stream({ ...hello, input, tools: [lookUp] }).finalResponse();
    const call = asked.output.find((item) => item.type === "function_call");
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ q: "sandbox" });
    input.push(...(asked.output as OpenAI.Responses.ResponseInputItem[]));
    input.push({ type: "function_call_output", call_id: call?.call_id ?? "", output: "found" });
    const answered = await client.responses.create({ ...hello, input, tools: [lookUp] });
    expect(answered.output.map(({ type }) => type)).toEqual(["message"]);
  });

  test("a stored response is continued, read, listed and deleted by its id, and is not there for another key's user", async () => {
    const first = await client.responses.stream(hello).finalResponse();
    const second = await client.responses.create({ ...hello, previous_response_id: first.id });
    expect(second).toMatchObject({ store: true, previous_response_id: first.id });
    expect(second.usage?.input_tokens).toBeGreaterThan(2 * (first.usage?.input_tokens ?? 0));
    const read = await client.responses.retrieve(second.id);
    expect(read.output_text).toBe(second.output_text);
    const roles: unknown[] = [];
    for await (const item of client.responses.inputItems.list(second.id, { order: "asc", limit: 1 }))
      roles.push("role" in item ? item.role : item.type);
    expect(roles).toEqual(["user", "assistant", "user"]);
    const other = new OpenAI({
      baseURL: `${platform().gatewayUrl}/v1`,
      apiKey: platform().demo.teamsOwnerKey,
      maxRetries: 0,
    });
    await expect(other.responses.retrieve(second.id)).rejects.toBeInstanceOf(NotFoundError);
    await expect(client.responses.cancel(second.id)).rejects.toBeInstanceOf(BadRequestError);
    await client.responses.delete(second.id);
    await expect(client.responses.retrieve(second.id)).rejects.toBeInstanceOf(NotFoundError);
  });

  test("an Idempotency-Key gives the first answer again and is charged once", async () => {
    const options = { headers: { "Idempotency-Key": "of-this-test" } };
    const first = await client.chat.completions
      .create({ model: "sandbox-small", messages: [{ role: "user", content: "once" }] }, options)
      .withResponse();
    const again = await client.chat.completions
      .create({ model: "sandbox-small", messages: [{ role: "user", content: "once" }] }, options)
      .withResponse();
    expect(again.data).toEqual(first.data);
    expect(again.response.headers.get("x-topdog-replayed")).toBe("true");
    const [row] = await waitForLedger(platform(), again.response.headers.get("x-request-id") ?? "");
    expect(row).toMatchObject({ outcome: "ok", completion_tokens: 0 });
  });

  test.each([{ previous_response_id: "resp_1" }, { background: true }, { conversation: "conv_1" }])(
    "%j is refused by its name",
    async (extra) => {
      const error = await client.responses.create({ ...hello, ...extra }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(BadRequestError);
      expect((error as BadRequestError).param).toBe(Object.keys(extra)[0]);
    },
  );
}

import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { dialects } from "@topdog/dialects/dialects";

const responses = dialects.find(({ id }) => id === "openai-responses")!;
const read = (extra: object) =>
  responses.readRequest(Buffer.from(JSON.stringify({ model: "m", input: "hi", ...extra })));

function paramOf(extra: object): string | undefined {
  try {
    read(extra);
  } catch (error) {
    if (error instanceof AppError) return error.param;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a request for a response", () => {
  test("is never stored at the provider, and every other byte stays as it came", () => {
    expect(read({}).body.toString()).toBe('{"store":false,"model":"m","input":"hi"}');
    const text = '{ "model":"m", "store" : null, "input":"hi", "n": 9007199254740993 }';
    expect(responses.readRequest(Buffer.from(text)).body.toString()).toBe(text.replace("null", "false"));
    expect(read({ store: false }).body.toString()).toBe('{"model":"m","input":"hi","store":false}');
  });

  test("goes on without a search of the web, which agents offer on their own; that is named", () => {
    const lookUp = { type: "function", name: "look_up" };
    const { body, dropped } = read({ tools: [{ type: "web_search" }, lookUp], tool_choice: "auto" });
    expect(JSON.parse(body.toString())).toMatchObject({ tools: [lookUp], store: false });
    expect(dropped).toEqual(["tools[0].web_search"]);
    const text =
      '{"model":"m","input":"hi","tools":[{"type":"web_search"},{"type":"function","name":"f","parameters":{"maximum":9223372036854775807}}]}';
    expect(responses.readRequest(Buffer.from(text)).body.toString()).toContain('{"maximum":9223372036854775807}');
  });

  test("across dialects goes on without tools that only OpenAI's models can call", () => {
    const tools = [
      { type: "namespace", name: "n", tools: [] },
      { type: "function", name: "look_up" },
    ];
    const { conversation, dropped } = responses.inbound!.read(read({ tools }));
    expect([conversation.tools.map(({ name }) => name), dropped]).toEqual([["look_up"], ["tools[0].namespace"]]);
  });

  test.each([
    ["input", { input: undefined }],
    ["input", { input: [] }],
    ["store", { store: true }],
    ["previous_response_id", { previous_response_id: "resp_1" }],
    ["prompt", { prompt: { id: "p" } }],
    ["tools[0].type", { tools: [{ type: "code_interpreter" }] }],
    ["tools[0].type", { tools: [{ type: "shell", environment: { type: "container_auto" } }] }],
    ["tools", { tools: [{ type: "web_search" }], tool_choice: "required" }],
    ["api_key", { api_key: "x" }],
  ])("names %s", (param, extra) => expect(paramOf(extra)).toBe(param));
});

test("an item that is only named is refused, wherever it stands, and its name in a text is a text", () => {
  const reading = (input: unknown) => () => responses.readRequest(Buffer.from(JSON.stringify({ model: "m", input })));
  const said = { role: "user", content: 'a "item_reference"' };
  expect(reading([said])).not.toThrow();
  expect(reading("item_reference")).not.toThrow();
  expect(reading([said, { type: "item_reference", id: "msg_1" }])).toThrow(
    expect.objectContaining({ code: "invalid_request", param: "input[1].type" }),
  );
  for (const bare of [{ id: "msg_1" }, { id: "msg_1", type: null }])
    expect(reading([bare])).toThrow(expect.objectContaining({ param: "input[0].type" }));
  const escaped = String.raw`{"model":"m","input":[{"type":"item\u005freference","id":"msg_1"}]}`;
  expect(() => responses.readRequest(Buffer.from(escaped))).toThrow(
    expect.objectContaining({ param: "input[0].type" }),
  );
});

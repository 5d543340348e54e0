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

  test.each([
    ["input", { input: undefined }],
    ["input", { input: [] }],
    ["store", { store: true }],
    ["previous_response_id", { previous_response_id: "resp_1" }],
    ["prompt", { prompt: { id: "p" } }],
    ["tools[0].type", { tools: [{ type: "web_search" }] }],
    ["api_key", { api_key: "x" }],
  ])("names %s", (param, extra) => expect(paramOf(extra)).toBe(param));
});

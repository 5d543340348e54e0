import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AppError } from "@topdog/errors/app-error";
import { readRequest } from "../src/openai-chat/request.ts";
import { jsonText } from "./json-text.ts";

const body = (extra: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }], ...extra }));

function refusal(text: Buffer | string): { code: string; param: string | undefined } {
  try {
    readRequest(Buffer.from(text));
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, param: error.param };
    throw error;
  }
  throw new Error("it was accepted");
}

describe("what is refused", () => {
  test.each(["", "{", "[]", "null", '"x"', "{'model':1}"])("%p is not a JSON object", (text) => {
    expect(refusal(text).code).toBe("malformed_json");
  });

  test.each([
    ["model", { model: undefined }],
    ["model", { model: 7 }],
    ["model", { model: "m".repeat(2000) }],
    ["messages", { messages: undefined }],
    ["messages", { messages: [] }],
    ["messages", { messages: "x" }],
    ["stream", { stream: "yes" }],
    ["tools", { tools: {} }],
    ["tools[1].type", { tools: [{ type: "function", function: { name: "f" } }, { type: "browser_search" }] }],
    ["tools[0].type", { tools: [{ type: "openrouter:web_search" }] }],
    ["tools[0].type", { tools: [{ type: "mcp", server_url: "https://example.com" }] }],
    ["stream_options", { stream_options: [] }],
    ["stream_options", { stream_options: "null" }],
    ["stream_options.include_usage", { stream_options: { include_usage: 1 } }],
  ])("a wrong %s is named", (param, extra) => {
    expect(refusal(body(extra))).toEqual({ code: "invalid_request", param });
  });

  test.each(["api_key", "api_base", "base_url", "organization", "extra_headers", "headers"])(
    "%s could redirect the call or replace the credential",
    (field) => {
      expect(refusal(body({ [field]: "x" }))).toEqual({ code: "invalid_request", param: field });
    },
  );

  test("a model named twice: the provider might take the one that we did not meter", () => {
    expect(refusal('{"model":"cheap","messages":[1],"model":"dear"}')).toEqual({
      code: "invalid_request",
      param: "model",
    });
  });
});

describe("what goes to the provider", () => {
  test("is the caller's own bytes, unless a stream must be asked for its usage", () => {
    for (const extra of [{}, { stream: false }, { stream: true, stream_options: { include_usage: true } }]) {
      const given = body({ ...extra, unknown_field: 1 });
      expect(readRequest(given).body).toBe(given);
    }
  });

  test.each([
    [
      `{"model":"m","messages":[1],"stream":true}`,
      `{"stream_options":{"include_usage":true},"model":"m","messages":[1],"stream":true}`,
    ],
    [
      `{"stream_options": null ,"seed":12345678901234567993,"model":"m","messages":[1e400],"stream":true}`,
      `{"stream_options": {"include_usage":true} ,"seed":12345678901234567993,"model":"m","messages":[1e400],"stream":true}`,
    ],
    [
      `{"stream_options":{ },"model":"m","messages":[1],"stream":true}`,
      `{"stream_options":{"include_usage":true },"model":"m","messages":[1],"stream":true}`,
    ],
    [
      `{"stream_options":{"x":1.0},"model":"m","messages":[1],"stream":true}`,
      `{"stream_options":{"include_usage":true,"x":1.0},"model":"m","messages":[1],"stream":true}`,
    ],
    [
      `{"stream_options":{"include_usage" : false},"model":"m","messages":[1],"stream":true}`,
      `{"stream_options":{"include_usage" : true},"model":"m","messages":[1],"stream":true}`,
    ],
  ])("%s is changed in that one place", (given, sent) => {
    expect(readRequest(Buffer.from(given)).body.toString()).toBe(sent);
  });

  test("whatever else stands in a request, usage is asked for and every other byte is kept", () => {
    const options = fc.constantFrom("", '"stream_options":null,', '"stream_options":{"other":1e400},');
    fc.assert(
      fc.property(jsonText, jsonText, options, (before, behind, streamOptions) => {
        const [head, tail] = [
          `{"a":${before},`,
          `${streamOptions}"model":"m","b":${behind},"messages":[${before}],"stream":true}`,
        ];
        const sent = readRequest(Buffer.from(head + tail)).body.toString();
        expect(JSON.parse(sent)).toEqual({
          ...(JSON.parse(head + tail) as object),
          stream_options: { ...(streamOptions.includes("other") ? { other: Infinity } : {}), include_usage: true },
        });
        const added = streamOptions.includes("other")
          ? '"include_usage":true,'
          : '"stream_options":{"include_usage":true},';
        const kept = streamOptions.includes("null")
          ? sent.replace('"stream_options":{"include_usage":true},', streamOptions)
          : sent.replace(added, "");
        expect(kept).toBe(head + tail);
      }),
    );
  });
});

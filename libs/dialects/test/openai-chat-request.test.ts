import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { AppError } from "@topdog/errors/app-error";
import { readRequest } from "../src/openai-chat/request.ts";

const body = (extra: object = {}): Buffer =>
  Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }], ...extra }));

function refusal(text: Buffer | string): { code: string; param: string | undefined } {
  try {
    readRequest(Buffer.from(text));
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, param: error.param };
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
    ["messages", { messages: undefined }],
    ["messages", { messages: [] }],
    ["stream", { stream: "yes" }],
    ["stream_options", { stream_options: [] }],
  ])("a wrong %s is named", (param, extra) => {
    expect(refusal(body(extra))).toEqual({ code: "invalid_request", param });
  });

  test.each(["api_key", "api_base", "base_url", "organization", "extra_headers", "headers"])(
    "%s could redirect the call or replace the credential",
    (field) => {
      expect(refusal(body({ [field]: "x" }))).toEqual({ code: "invalid_request", param: field });
    },
  );
});

describe("what goes to the provider", () => {
  test("is the caller's own bytes, unless a stream must be asked for its usage", () => {
    for (const extra of [{}, { stream: false }, { stream: true, stream_options: { include_usage: true } }]) {
      const given = body({ ...extra, unknown_field: 1 });
      expect(readRequest(given).body).toBe(given);
    }
  });

  test("a stream's usage is asked for without changing anything else", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((key) => key !== "__proto__"),
          fc.jsonValue(),
        ),
        fc.option(fc.constantFrom({}, { include_usage: false }, { other: 1 }), { nil: undefined }),
        (fields, options) => {
          const request = { user_fields: fields, model: "m", messages: [1], stream: true, stream_options: options };
          const sent = JSON.parse(readRequest(Buffer.from(`  ${JSON.stringify(request)}`)).body.toString()) as object;
          const expected = { ...request, stream_options: { ...options, include_usage: true } };
          expect(sent).toEqual(JSON.parse(JSON.stringify(expected)));
        },
      ),
    );
  });
});

import { describe, expect, test } from "@jest/globals";
import { readMeaning } from "../src/domain/refusal-meaning.ts";
import { readRefusal as readBedrock } from "../src/clients/providers/bedrock/refusal.ts";
import { readRefusal as readGoogle } from "../src/clients/providers/google/refusal.ts";
import { readRefusal as readMistral } from "../src/clients/providers/mistral/refusal.ts";
import { readRefusal as readOpenAi } from "../src/clients/providers/openai-compatible/refusal.ts";
import type { RefusalReader } from "../src/clients/provider-http/http-api.ts";

const read = (reader: RefusalReader, body: object) => reader(Buffer.from(JSON.stringify(body)), {});

test("a provider's refusal tells the caller nothing of the account that we have there", () => {
  const error = {
    message:
      "Incorrect API key provided: sk-proj-abcdefgh12345678. Organization org-AbCdEfGhIjKlMnOpQrStUvWx, see https://a.test/x",
    type: "invalid_request_error",
    param: "proj_AbCdEfGhIjKlMnOpQrStUvWx",
    code: "invalid_api_key",
    internal: "host-7",
  };
  expect(read(readOpenAi, { error })).toEqual({
    message: "Incorrect API key provided: sk-[redacted]. Organization org-[redacted], see [address]",
    type: "invalid_request_error",
    param: "proj_[redacted]",
    code: "invalid_api_key",
  });
});

/** As each provider's documentation or its users' reports show them. */
const documented: readonly (readonly [
  name: string,
  reader: RefusalReader,
  status: number,
  body: object,
  meaning: string,
  refusal: object,
])[] = [
  [
    "Anthropic, account without credit",
    readOpenAi,
    400,
    {
      type: "error",
      error: { type: "invalid_request_error", message: "Your credit balance is too low to access the Anthropic API." },
      request_id: "req_011",
    },
    "out_of_credit",
    { type: "invalid_request_error" },
  ],
  [
    "Anthropic, prompt too long",
    readOpenAi,
    400,
    {
      type: "error",
      error: { type: "invalid_request_error", message: "prompt is too long: 213462 tokens > 200000 maximum" },
    },
    "callers_fault",
    { code: "context_length_exceeded" },
  ],
  [
    "Azure, wrong key",
    readOpenAi,
    401,
    { error: { code: "401", message: "Access denied due to invalid subscription key or wrong API endpoint." } },
    "credential",
    { code: "401" },
  ],
  [
    "Azure, content filter",
    readOpenAi,
    400,
    {
      error: { message: "The response was filtered", type: null, param: "prompt", code: "content_filter", status: 400 },
    },
    "callers_fault",
    { param: "prompt", code: "content_filter" },
  ],
  [
    "Azure, no such deployment",
    readOpenAi,
    404,
    { error: { code: "DeploymentNotFound", message: "The API deployment for this resource does not exist." } },
    "model_missing",
    { code: "DeploymentNotFound" },
  ],
  [
    "Mistral, a member that it does not know",
    readMistral,
    422,
    {
      object: "error",
      message: { detail: [{ type: "extra_forbidden", loc: ["body", "foo"], msg: "Extra inputs are not permitted" }] },
      type: "invalid_request_error",
      param: null,
      code: null,
    },
    "callers_fault",
    { message: "foo: Extra inputs are not permitted", param: "foo", type: "extra_forbidden" },
  ],
  [
    "Mistral, wrong key",
    readMistral,
    401,
    { message: "Unauthorized", request_id: "a580" },
    "credential",
    { message: "Unauthorized" },
  ],
  [
    "Google, wrong key",
    readGoogle,
    400,
    {
      error: {
        code: 400,
        message: "API key not valid. Please pass a valid API key.",
        status: "INVALID_ARGUMENT",
        details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
      },
    },
    "credential",
    { code: "API_KEY_INVALID", type: "INVALID_ARGUMENT" },
  ],
  [
    "Google, a limit",
    readGoogle,
    429,
    { error: { code: 429, message: "Quota exceeded for quota metric", status: "RESOURCE_EXHAUSTED" } },
    "rate_limited",
    { type: "RESOURCE_EXHAUSTED" },
  ],
  [
    "Groq, request beyond the minute's limit",
    readOpenAi,
    413,
    {
      error: {
        message: "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000",
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    },
    "callers_fault",
    { code: "rate_limit_exceeded" },
  ],
  [
    "DeepSeek, account without credit",
    readOpenAi,
    402,
    { error: { message: "Insufficient Balance", type: "unknown_error", param: null, code: "invalid_request_error" } },
    "out_of_credit",
    {},
  ],
  [
    "OpenRouter, account without credit",
    readOpenAi,
    402,
    { error: { code: 402, message: "Insufficient credits. Add more." }, user_id: "user_1" },
    "out_of_credit",
    { code: "402" },
  ],
  [
    "OpenRouter, moderated",
    readOpenAi,
    403,
    { error: { code: 403, message: "Your input was flagged", metadata: { reasons: ["x"], flagged_input: "y" } } },
    "callers_fault",
    { message: "Your input was flagged" },
  ],
  [
    "Together, context window",
    readOpenAi,
    422,
    {
      id: "x",
      error: {
        message: "Input validation error: maximum context length is 8193",
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    },
    "callers_fault",
    { code: "context_length_exceeded" },
  ],
];

describe("providers' own words", () => {
  test.each(documented)("%s", (_name, reader, status, body, meaning, refusal) => {
    const found = readMeaning(status, read(reader, body));
    expect(found).toMatchObject({ meaning, refusal });
  });

  test("Google's wait after a limit stands in the body", () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "31.5s" }];
    const error = { code: 429, message: "m", status: "RESOURCE_EXHAUSTED", details };
    expect(read(readGoogle, { error })).toMatchObject({ retryAfterSeconds: 31.5 });
    expect(read(readGoogle, { error: { ...error, details: [{ retryDelay: "soon" }] } })).not.toHaveProperty(
      "retryAfterSeconds",
    );
  });

  test.each([
    ["UnrecognizedClientException", 403, "credential"],
    ["AccessDeniedException:http://internal.amazon.com/coral/", 403, "forbidden"],
    ["ThrottlingException", 429, "rate_limited"],
    ["ModelErrorException", 424, "server_error"],
    ["ValidationException", 400, "callers_fault"],
  ])("Bedrock's %s stands in a header", (header, status, meaning) => {
    const stated = readBedrock(Buffer.from('{"message":"The message"}'), { "x-amzn-errortype": header });
    expect(stated).toMatchObject({ message: "The message", type: header.split(":")[0] });
    expect(readMeaning(status, stated).meaning).toBe(meaning);
  });

  test.each([readOpenAi, readMistral, readGoogle, readBedrock])(
    "nothing that is no JSON object is an error of ours",
    (reader) => {
      for (const text of ["", "<html>", "7", "[]", "null", '{"detail":[7]}']) {
        expect(reader(Buffer.from(text), {})).toMatchObject({ message: expect.any(String), code: null });
      }
    },
  );
});

import { describe, expect, test } from "@jest/globals";
import { readMeaning } from "./refusal-meaning.ts";

const refusal = (message: string, code: string | null = null, type: string | null = null) => ({
  message,
  code,
  type,
  param: null,
});

/** As the providers' documentation shows them. */
describe("what a 4xx of a provider means", () => {
  test.each([
    [
      "OpenAI, no credit",
      429,
      refusal(
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
      ),
      "out_of_credit",
    ],
    [
      "Anthropic, no credit",
      400,
      refusal("Your credit balance is too low to access the Anthropic API.", null, "invalid_request_error"),
      "out_of_credit",
    ],
    [
      "DeepSeek, no credit",
      402,
      refusal("Insufficient Balance", "invalid_request_error", "unknown_error"),
      "out_of_credit",
    ],
    [
      "Gemini, wrong key",
      400,
      refusal("API key not valid. Please pass a valid API key.", "400", "INVALID_ARGUMENT"),
      "credential",
    ],
    [
      "Anthropic, the limit of spending that its owner set",
      400,
      refusal(
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
        null,
        "invalid_request_error",
      ),
      "out_of_credit",
    ],
    [
      "Gemini, no credit",
      429,
      refusal("Your prepayment credits are depleted. Please go to AI Studio.", null, "RESOURCE_EXHAUSTED"),
      "out_of_credit",
    ],
    [
      "Anthropic, account closed",
      400,
      refusal("This organization has been disabled.", null, "invalid_request_error"),
      "credential",
    ],
    [
      "Gemini, account closed",
      403,
      refusal("Permission denied: Consumer has been suspended.", "CONSUMER_SUSPENDED", "PERMISSION_DENIED"),
      "credential",
    ],
    ["Groq, no room in the tier", 498, refusal("Flex tier at capacity", "capacity_exceeded"), "overloaded"],
    ["OpenAI, limit", 429, refusal("Rate limit reached for gpt-5", "rate_limit_exceeded", "requests"), "rate_limited"],
    [
      "OpenAI, model",
      404,
      refusal("The model `x` does not exist or you do not have access to it.", "model_not_found"),
      "model_missing",
    ],
    ["OpenAI, file", 404, refusal("No such File object: file-abc"), "callers_fault"],
    ["a firewall", 403, refusal("The provider refused the request."), "forbidden"],
  ] as const)("%s", (_name, status, given, meaning) => {
    expect(readMeaning(status, given).meaning).toBe(meaning);
  });

  test.each([
    [
      "OpenAI",
      400,
      refusal("This model's maximum context length is 128000 tokens.", "context_length_exceeded"),
      "context_length_exceeded",
    ],
    [
      "Anthropic",
      400,
      refusal("prompt is too long: 208310 tokens > 200000 maximum", null, "invalid_request_error"),
      "context_length_exceeded",
    ],
    [
      "Gemini",
      400,
      refusal("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
      "context_length_exceeded",
    ],
    ["Bedrock", 400, refusal("Input is too long for requested model."), "context_length_exceeded"],
    [
      "Azure",
      400,
      refusal(
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        "content_filter",
      ),
      "content_filter",
    ],
    [
      "OpenRouter",
      403,
      refusal("Your chosen model requires moderation and your input was flagged"),
      "content_policy_violation",
    ],
  ] as const)("%s: the context window and the content are the caller's to mend", (_name, status, given, code) => {
    expect(readMeaning(status, given)).toEqual({ meaning: "callers_fault", refusal: { ...given, code } });
  });

  test("what a caller sent and the provider quotes cannot rest the credential that others share", () => {
    for (const quoted of ["insufficient_quota", "Your credit balance is too low", "API key not valid"]) {
      const given = refusal(`Invalid value: '${quoted}'. Supported values are: 'a' and 'b'.`, "invalid_value");
      expect(readMeaning(400, given).meaning).toBe("callers_fault");
    }
  });

  test.each([
    [
      refusal(
        "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000.",
        "rate_limit_exceeded",
        "tokens",
      ),
    ],
    [refusal("Extra usage is required for long context requests.", null, "rate_limit_error")],
    [refusal("Usage credits are required for long context requests.", null, "rate_limit_error")],
  ])("one request beyond what the account may send rests nobody: %j", (given) => {
    expect(readMeaning(429, given).meaning).toBe("callers_fault");
  });
});

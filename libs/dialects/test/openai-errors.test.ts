import { describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { openAiErrors } from "@topdog/dialects/openai-errors";

describe("an error of OpenAI's APIs", () => {
  test("has exactly the four members that the SDK reads", () => {
    expect(openAiErrors.body(new AppError("model_not_found", { param: "model" }), "req_1")).toEqual({
      error: {
        message: expect.stringContaining("GET /v1/models"),
        type: "invalid_request_error",
        param: "model",
        code: "model_not_found",
      },
    });
  });

  test("a spent quota tells SDKs not to try again; a temporary fault lets them retry", () => {
    expect(openAiErrors.headers(new AppError("quota_exceeded"))).toEqual({ "x-should-retry": "false" });
    expect(openAiErrors.headers(new AppError("temporary_reduced_capacity"))).toEqual({});
    expect(openAiErrors.headers(new AppError("invalid_request"))).toEqual({});
  });
});

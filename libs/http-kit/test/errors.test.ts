import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { openAiErrorBody, renderOpenAiError } from "@topdog/http-kit/openai-error";
import { renderProblem } from "@topdog/http-kit/problem";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { closeServed, serve } from "./served.ts";

afterEach(closeServed);

const answerWith = async (error: unknown, render = renderOpenAiError) => {
  const origin = await serve(createServer((_req, res) => render(res, error, "req_1")));
  return fetch(origin);
};

describe("the OpenAI dialect", () => {
  test("has exactly the four members that the SDK reads", async () => {
    const answer = await answerWith(new AppError("model_not_found", { param: "model" }));
    expect(answer.status).toBe(404);
    expect(answer.headers.get("x-request-id")).toBe("req_1");
    const { error } = (await answer.json()) as { error: object };
    expect(error).toEqual({
      message: expect.stringContaining("GET /v1/models") as unknown,
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
    });
  });

  test("a spent quota tells SDKs not to try again, with whole seconds to wait", async () => {
    const headers = { "x-ratelimit-source": "personal" };
    const answer = await answerWith(new AppError("quota_exceeded", { retryAfterSeconds: 3599.2, headers }));
    expect(answer.status).toBe(429);
    expect(answer.headers.get("x-should-retry")).toBe("false");
    expect(answer.headers.get("retry-after")).toBe("3600");
    expect(answer.headers.get("x-ratelimit-source")).toBe("personal");
  });

  test("a passing fault leaves SDKs their retries", async () => {
    const answer = await answerWith(new AppError("temporary_reduced_capacity", { retryAfterSeconds: 1 }));
    expect([answer.status, answer.headers.get("x-should-retry")]).toEqual([503, null]);
  });

  test("an unknown error says nothing of its cause", () => {
    const body = JSON.stringify(openAiErrorBody(new TypeError("https://api.host/v1?key=abc sk-0123456789")));
    expect(JSON.parse(body)).toMatchObject({ error: { type: "server_error", code: "internal_error" } });
    expect(body).not.toMatch(/host|abc|sk-/);
  });
});

describe("any dialect", () => {
  test("an answer that has begun is cut, never followed by an error body", async () => {
    const server = createServer((_req, res) => {
      res.write("data: 1\n\n");
      setTimeout(() => renderProblem(res, new Error("late"), "req_1"), 20);
    });
    const answer = await fetch(await serve(server));
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow(/terminated/);
  });

  test("an extension cannot replace a standard member", async () => {
    const error = new AppError("conflict", { extensions: { status: 200, code: "fine", seats: 3 } });
    const body = await (await answerWith(error, renderProblem)).json();
    expect(body).toMatchObject({ status: 409, code: "conflict", seats: 3 });
  });

  test("another server's error status is never ours", () => {
    const fromClient = Object.assign(new Error("401 from the provider"), { status: 401 });
    expect(toAppError(fromClient).code).toBe("internal_error");
  });
});

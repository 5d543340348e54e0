import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { AppError } from "@topdog/errors/app-error";
import { renderProblem } from "@topdog/http-kit/problem";
import { errorRenderer } from "@topdog/http-kit/send-error";
import { toAppError } from "@topdog/http-kit/to-app-error";
import { closeServed, serve } from "./served.ts";

afterEach(closeServed);

const answerWith = async (error: unknown, render = renderProblem) => {
  const origin = await serve(createServer((_req, res) => render(res, error, "req_1")));
  return fetch(origin);
};

describe("an error's format", () => {
  test("says what stands in the body and what it adds to the headers; the error's own headers and the id stay", async () => {
    const render = errorRenderer({
      contentType: "text/plain",
      requestIdHeader: "id-of-format",
      body: ({ code }, requestId) => ({ code, requestId }),
      headers: () => ({ "x-of-format": "1", "retry-after": "0" }),
    });
    const error = new AppError("quota_exceeded", { retryAfterSeconds: 3599.2, headers: { "x-ratelimit-source": "p" } });
    const answer = await answerWith(error, render);
    expect([answer.status, Object.fromEntries(answer.headers)]).toMatchObject([
      429,
      {
        "content-type": "text/plain",
        "x-of-format": "1",
        "id-of-format": "req_1",
        "retry-after": "3600",
        "x-ratelimit-source": "p",
        "x-request-id": "req_1",
        "cache-control": "no-store",
      },
    ]);
    expect(await answer.json()).toEqual({ code: "quota_exceeded", requestId: "req_1" });
  });

  test("an unknown error says nothing of its cause", async () => {
    const body = await (await answerWith(new TypeError("https://api.host/v1?key=abc sk-0123456789"))).text();
    expect(JSON.parse(body)).toMatchObject({ code: "internal_error", status: 500 });
    expect(body).not.toMatch(/host|abc|sk-/);
  });
});

describe("any format", () => {
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
    const body = await (await answerWith(error)).json();
    expect(body).toMatchObject({ status: 409, code: "conflict", seats: 3 });
  });

  test("another server's error status is never ours", () => {
    const fromClient = Object.assign(new Error("401 from the provider"), { status: 401 });
    expect(toAppError(fromClient).code).toBe("internal_error");
  });
});

import { describe, expect, test } from "@jest/globals";
import { healthSignOf, classifyStatus, errorOfFailures, readRetryAfter } from "./attempt-failure.ts";

test.each([
  [200, "answer"],
  [307, "malformed"],
  [400, "callers_fault"],
  [401, "credential"],
  [402, "credential"],
  [404, "callers_fault"],
  [408, "timeout"],
  [413, "callers_fault"],
  [422, "callers_fault"],
  [429, "rate_limited"],
  [500, "server_error"],
  [503, "overloaded"],
  [504, "server_error"],
  [529, "overloaded"],
])("status %i of an upstream means %s", (status, meaning) => {
  expect(classifyStatus(status)).toBe(meaning);
});

describe("after every upstream failed", () => {
  test("the caller learns the first failure's class and the shortest wait", () => {
    const error = errorOfFailures([
      { kind: "timeout", retryAfterSeconds: null },
      { kind: "rate_limited", retryAfterSeconds: 9 },
      { kind: "resting", retryAfterSeconds: 3.2 },
    ]);
    expect(error).toMatchObject({ code: "upstream_timeout", status: 504, retryAfterSeconds: 4 });
  });
});

test("a limit or refusal of one credential is no failure of the upstream, nor is a caller that leaves", () => {
  expect(healthSignOf("rate_limited")).toBe("success");
  expect(healthSignOf("credential")).toBe("success");
  expect(healthSignOf("aborted")).toBe("neutral");
  expect(healthSignOf("timeout")).toBe("failure");
});

test("Retry-After is read as seconds or as a date, and bounded", () => {
  const nowMs = Date.parse("2026-11-22T10:00:00Z");
  expect(readRetryAfter("7", nowMs)).toBe(7);
  expect(readRetryAfter("Sun, 22 Nov 2026 10:00:30 GMT", nowMs)).toBe(30);
  expect(readRetryAfter("86400", nowMs)).toBe(60);
  expect(readRetryAfter("Sun, 22 Nov 2026 09:00:00 GMT", nowMs)).toBe(0);
  expect(readRetryAfter("soon", nowMs)).toBeNull();
  expect(readRetryAfter(undefined, nowMs)).toBeNull();
});

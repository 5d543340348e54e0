import { describe, expect, test } from "@jest/globals";
import { errorOfFailures, readRetryAfter } from "./attempt-failure.ts";

describe("after every upstream failed", () => {
  test("the caller learns the first failure's class and the shortest wait", () => {
    const error = errorOfFailures([
      { kind: "timeout", retryAfterSeconds: null },
      { kind: "rate_limited", retryAfterSeconds: 9 },
      { kind: "resting", retryAfterSeconds: 3.2 },
    ]);
    expect(error).toMatchObject({ code: "upstream_timeout", status: 504, retryAfterSeconds: 4 });
  });

  test("a limit that ends the call is a 429 with a wait, also when its provider names none", () => {
    const error = errorOfFailures([{ kind: "rate_limited", retryAfterSeconds: null }]);
    expect(error).toMatchObject({ status: 429, retryAfterSeconds: 5 });
  });
});

test("Retry-After is read as milliseconds, seconds or a date, and bounded", () => {
  const nowMs = Date.parse("2026-11-22T10:00:00Z");
  const read = (value: string, name = "retry-after") => readRetryAfter({ [name]: value }, nowMs);
  expect(read("7")).toBe(7);
  expect(read("1500", "retry-after-ms")).toBe(1.5);
  expect(read("2000", "x-ms-retry-after-ms")).toBe(2);
  expect(read("Sun, 22 Nov 2026 10:00:30 GMT")).toBe(30);
  expect(read("86400")).toBe(60);
  expect(read("Sun, 22 Nov 2026 09:00:00 GMT")).toBe(0);
  expect(read("soon")).toBeNull();
  expect(readRetryAfter({}, nowMs)).toBeNull();
});

import { describe, expect, test } from "@jest/globals";
import { isAtLeast } from "./nats-fetch.ts";

describe("isAtLeast", () => {
  test.each([
    ["2.14.5", "2.12.0", true],
    ["2.12.0", "2.12.0", true],
    ["2.9.10-1+b3", "2.12.0", false],
    ["10.0.0", "2.12.0", true],
    ["2.12", "2.12.0", true],
    ["(none)", "2.12.0", false],
  ])("%s is at least %s: %s", (version, least, expected) => {
    expect(isAtLeast(version, least)).toBe(expected);
  });
});

import { expect, test } from "@jest/globals";
import { toUsdText } from "./money.ts";

test("nano dollars become a decimal number without loss", () => {
  expect([0, 1, 30_600, 1_000_000_000, 12_345_000_000, Number.MAX_SAFE_INTEGER].map(toUsdText)).toEqual([
    "0",
    "0.000000001",
    "0.0000306",
    "1",
    "12.345",
    "9007199.254740991",
  ]);
});

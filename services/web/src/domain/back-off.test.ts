import { expect, test } from "@jest/globals";
import { backOffMs } from "./back-off.ts";

test("waits longer after each failure, half a minute at most, and never all at the same time", () => {
  expect([0, 1, 2, 3].map((failures) => backOffMs(failures, 1))).toEqual([500, 1_000, 2_000, 4_000]);
  expect(backOffMs(40, 1)).toBe(30_000);
  expect(backOffMs(40, 0)).toBe(15_000);
});

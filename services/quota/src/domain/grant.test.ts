import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { creditWindow, grantSize, grantStatus } from "./grant.ts";

describe("the credit window", () => {
  test("is small for a small limit, 32 for a pool, and a thousandth of a huge one", () => {
    expect([0, 40, 75, 120, 800, 17_500, 100_000, 35_000_000].map(creditWindow)).toEqual([
      2, 2, 2, 3, 20, 32, 100, 256,
    ]);
  });
});

describe("a grant", () => {
  const demand = fc.record({
    limit: fc.nat({ max: 20_000 }),
    free: fc.nat({ max: 20_000 }),
    holders: fc.integer({ min: 1, max: 50 }),
    want: fc.nat({ max: 100_000 }),
  });

  test("is never more than is free or wanted, and at least 1 when both are", () => {
    fc.assert(
      fc.property(demand, (one) => {
        const tokens = grantSize(one);
        expect(tokens).toBeLessThanOrEqual(Math.min(one.free, one.want));
        expect(tokens).toBeGreaterThanOrEqual(Math.min(1, one.free, one.want));
      }),
    );
  });

  test("leaves half of what is free to the others, and is bounded by a sixteenth of the limit", () => {
    expect(grantSize({ limit: 1600, free: 1600, holders: 1, want: 10_000 })).toBe(100);
    expect(grantSize({ limit: 1600, free: 80, holders: 1, want: 10_000 })).toBe(40);
    expect(grantSize({ limit: 1600, free: 80, holders: 4, want: 10_000 })).toBe(10);
    expect(grantSize({ limit: 1600, free: 3, holders: 4, want: 10_000 })).toBe(1);
    expect(grantSize({ limit: 1600, free: 1600, holders: 1, want: 7 })).toBe(7);
  });
});

test("exhausted is answered only when nothing is free and nobody holds an unused token", () => {
  expect(grantStatus({ free: 1, ownOpen: 0, reachable: () => 0 })).toBe("ok");
  expect(grantStatus({ free: 0, ownOpen: 1, reachable: () => 5 })).toBe("ok");
  expect(grantStatus({ free: 0, ownOpen: 0, reachable: () => 1 })).toBe("contended");
  expect(grantStatus({ free: 0, ownOpen: 0, reachable: () => 0 })).toBe("exhausted");
});

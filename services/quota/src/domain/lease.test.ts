import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import {
  escrowOf,
  fence,
  highestPossibleSeq,
  judgeReport,
  type Lease,
  openTokens,
  settleReport,
  settleRows,
} from "./lease.ts";

const base: Lease = {
  leaseId: "1",
  owner: "user:a",
  meter: "api_calls",
  day: "2026-11-22",
  gatewayId: "gateway-a",
  member: null,
  size: 20,
  acked: 5,
  reported: 5,
  highest: 5,
  returned: 0,
  burned: 0,
  window: 4,
  state: "open",
  finalUsed: null,
};
const report = (used: number, returned = 0, close = false) => ({ used, returned, close });

describe("judging a report", () => {
  test.each([
    ["new seqs are settled", report(8), { kind: "settle", from: 6, to: 8 }],
    ["a repeated report settles nothing new", report(5), { kind: "settle", from: 6, to: 5 }],
    ["an older report is stale", report(3), { kind: "stale" }],
    ["more than was granted", report(21), { kind: "violation", reason: "used_beyond_size" }],
    ["more than the window allows unreported", report(10), { kind: "violation", reason: "used_beyond_window" }],
    ["a token used after it was given back", report(8, 15), { kind: "violation", reason: "used_after_return" }],
  ])("%s", (_, given, claim) => {
    expect(judgeReport(base, given)).toEqual(claim);
  });

  test("numbers that were never true at one moment are a violation", () => {
    expect(judgeReport({ ...base, returned: 3 }, report(6, 2))).toEqual({
      kind: "violation",
      reason: "numbers_of_two_reports",
    });
  });

  test("a final report below what the ledger holds is a violation", () => {
    expect(judgeReport({ ...base, acked: 6, highest: 7 }, report(6, 0, true))).toEqual({
      kind: "violation",
      reason: "final_below_ledger",
    });
  });

  test("of a closed lease, the gateway's figure of what was returned is ignored", () => {
    expect(judgeReport(fence(base), report(7))).toEqual({ kind: "settle", from: 6, to: 7 });
  });
});

describe("settling", () => {
  test("a final report gives everything unused back", () => {
    const closed = settleReport(base, report(7, 0, true), 2);
    expect(closed).toMatchObject({ state: "closed", acked: 7, returned: 13, burned: 0, finalUsed: 7 });
  });

  test("late rows of a vanished gateway are settled from what was burned, and its return frees the rest", () => {
    const fenced = fence(base);
    expect(fenced).toMatchObject({ state: "closed", returned: 11, burned: 4, finalUsed: null });
    const late = settleReport(fenced, report(7), 2);
    expect(late).toMatchObject({ acked: 7, burned: 2, finalUsed: null });
    expect(settleReport(late, report(8, 0, true), 1)).toMatchObject({
      acked: 8,
      returned: 12,
      burned: 0,
      finalUsed: 8,
    });
  });
});

const openLease = fc
  .record({
    size: fc.nat({ max: 200 }),
    cut: fc.nat({ max: 200 }),
    reported: fc.nat({ max: 200 }),
    window: fc.integer({ min: 1, max: 32 }),
  })
  .map(({ size, cut, reported, window }): Lease => {
    const returned = Math.min(cut, size);
    const acked = Math.min(reported, size - returned);
    return { ...base, size, returned, acked, reported: acked, highest: acked, window };
  });

const balance = (lease: Lease): number => lease.acked + lease.returned + lease.burned + openTokens(lease);

test("whatever is reported, every token of a lease stays in exactly one place", () => {
  fc.assert(
    fc.property(openLease, fc.nat({ max: 250 }), fc.nat({ max: 250 }), fc.boolean(), (lease, used, returned, close) => {
      const given = { used, returned, close };
      const claim = judgeReport(lease, given);
      const after =
        claim.kind === "settle"
          ? settleReport(lease, given, claim.to - claim.from + 1)
          : claim.kind === "stale"
            ? lease
            : fence(lease);
      expect(balance(after)).toBe(after.size);
      expect([openTokens(after), after.burned, escrowOf(after)].every((tokens) => tokens >= 0)).toBe(true);
      expect(after.returned).toBeGreaterThanOrEqual(lease.returned);
      if (after.state === "closed") expect(openTokens(after)).toBe(0);
    }),
  );
});

test("the last words of a gateway whose lease was fenced give back all that was burned, however late they come", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), (unreported) => {
      const fenced = fence(base);
      const words = { used: base.reported + unreported, returned: 0, close: true };
      const claim = judgeReport(fenced, words);
      expect(claim).toEqual({ kind: "settle", from: base.reported + 1, to: words.used });
      const after = settleReport(fenced, words, unreported);
      expect([after.burned, after.acked, after.finalUsed]).toEqual([0, words.used, words.used]);
      expect(escrowOf(after)).toBe(0);
      // Again: nothing changes.
      expect(settleReport(after, words, 0)).toEqual(after);
    }),
  );
});

test("a fence burns at most the window, and enough for every call that may have been admitted unreported", () => {
  fc.assert(
    fc.property(openLease, (lease) => {
      const after = fence(lease);
      expect(after.burned).toBeLessThanOrEqual(lease.window);
      expect(after.size - after.returned).toBe(highestPossibleSeq(lease));
      expect(fence(after)).toBe(after);
    }),
  );
});

test("more rows than tokens is a bug, and throws", () => {
  expect(() => settleRows({ ...base, size: 5 }, 1, 6)).toThrow(/more ledger rows than tokens/);
});

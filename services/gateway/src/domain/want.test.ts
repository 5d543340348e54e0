import { expect, test } from "@jest/globals";
import { type HeldLease, newLease, takeToken } from "./lease.ts";
import { newTakeRate, noteTaken } from "./take-rate.ts";
import { type BucketUse, isUrgent, wantOf } from "./want.ts";

const day = "2026-11-22";

function holding(lease: Partial<HeldLease>): BucketUse & { lease: HeldLease } {
  const granted = { leaseId: "1", day, adviceDay: day, status: "ok", remainingAtReply: 1_000 } as const;
  return {
    lease: { ...newLease("user:a", "api_calls"), ...granted, ...lease },
    rate: newTakeRate(),
    lastUseMs: 0,
    recalledUntilMs: Number.NEGATIVE_INFINITY,
    forDay: null,
  };
}

function take(use: BucketUse, tokens: number): void {
  for (let taken = 0; taken < tokens; taken += 1) {
    takeToken(use.lease);
    noteTaken(use.rate, 0);
  }
}

test("the report of a caller who calls now and then waits for others, and brings the next call's tokens along", () => {
  const use = holding({ size: 2, lastGrant: 2, window: 2 });
  take(use, 1);
  expect(isUrgent(use, day, 0)).toBe(false);
  expect(wantOf(use, 0, day, 200)).toBe(1);
});

test("a report leaves at once when the window, or what is held, is used up", () => {
  const windowFull = holding({ size: 10, lastGrant: 10, window: 2 });
  take(windowFull, 2);
  expect(isUrgent(windowFull, day, 0)).toBe(true);

  const spent = holding({ size: 2, lastGrant: 2, window: 30 });
  take(spent, 2);
  expect(isUrgent(spent, day, 0)).toBe(true);
});

test("a report leaves at once when half is used and the pace of late would use the rest before an answer", () => {
  const halfWindow = holding({ size: 100, lastGrant: 100, window: 32 });
  take(halfWindow, 15);
  expect(isUrgent(halfWindow, day, 0)).toBe(false);
  // Half is left, and 0.4 s at this pace, 16 a second, need 6 of it.
  take(halfWindow, 1);
  expect(isUrgent(halfWindow, day, 0)).toBe(false);
  const pace = newTakeRate();
  for (let taken = 0; taken < 40; taken += 1) noteTaken(pace, 0);
  expect(isUrgent({ ...halfWindow, rate: pace }, day, 0)).toBe(true);

  const halfGrant = holding({ size: 40, lastGrant: 40, window: 256 });
  take(halfGrant, 28);
  expect(isUrgent(halfGrant, day, 0)).toBe(false);
  take(halfGrant, 1);
  expect(isUrgent(halfGrant, day, 0)).toBe(true);
});

test("nothing is asked for ahead of demand once the demand is over, or while another gateway needs the tail", () => {
  const use = holding({ size: 2, lastGrant: 2, window: 2 });
  take(use, 1);
  expect(wantOf(use, 0, day, 6_000)).toBe(0);
  expect(wantOf({ ...use, recalledUntilMs: 100 }, 0, day, 50)).toBe(0);
});

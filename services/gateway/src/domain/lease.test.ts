import { describe, expect, test } from "@jest/globals";
import type { LeaseGrant } from "@topdog/contracts/rpc/sync-leases";
import {
  beginClose,
  forgetStatus,
  freeTokens,
  giveBack,
  mergeGrant,
  newLease,
  remainingOf,
  reportOf,
  availabilityOf,
  takeToken,
  type HeldLease,
  type SentReport,
} from "./lease.ts";

const today = "2026-11-22";

function granted(size: number, over: Partial<LeaseGrant> = {}): HeldLease {
  const lease = newLease("user:u", "api_calls");
  mergeGrant(lease, { order: 1, report: reportOf(lease, size) }, grantOf(size, over));
  return lease;
}
const grantOf = (size: number, over: Partial<LeaseGrant> = {}): LeaseGrant => ({
  owner: "user:u",
  meter: "api_calls",
  leaseId: "7",
  state: "open",
  day: today,
  size,
  returned: 0,
  reported: 0,
  window: 2,
  limit: 75,
  remaining: 75,
  status: "ok",
  plan: "free",
  ...over,
});

describe("availability", () => {
  test("a full credit window waits, an empty lease asks, and only an answer of quota makes it exhausted", () => {
    const lease = granted(3);
    takeToken(lease);
    takeToken(lease);
    expect(availabilityOf(lease, today)).toBe("window_full");
    mergeGrant(lease, { order: 2, report: reportOf(lease, 0) }, grantOf(3, { reported: 2 }));
    takeToken(lease);
    expect(availabilityOf(lease, today)).toBe("empty");
    mergeGrant(lease, { order: 3, report: reportOf(lease, 1) }, grantOf(3, { reported: 3, status: "exhausted" }));
    expect(availabilityOf(lease, today)).toBe("exhausted");
    forgetStatus(lease);
    expect(availabilityOf(lease, today)).toBe("empty");
  });

  test("tokens of one day are never admitted on another, and yesterday's exhaustion is forgotten", () => {
    expect(availabilityOf(granted(3), "2026-11-23")).toBe("empty");
    expect(availabilityOf(granted(0, { status: "exhausted" }), "2026-11-23")).toBe("empty");
    const lease = granted(3);
    mergeGrant(lease, { order: 2, report: reportOf(lease, 1) }, grantOf(5, { day: "2026-11-23" }));
    expect(availabilityOf(lease, "2026-11-23")).toBe("empty");
  });

  test("a closing lease admits nothing, whatever a late answer says", () => {
    const lease = granted(3);
    const sent = { order: 2, report: reportOf(lease, 5) };
    takeToken(lease);
    beginClose(lease);
    mergeGrant(lease, sent, grantOf(8));
    expect([availabilityOf(lease, today), freeTokens(lease)]).toEqual(["empty", 0]);
    expect(reportOf(lease, 5)).toMatchObject({ used: 1, returned: 7, want: 0, close: true });
  });

  test("tokens that were given back stay so, whatever an older answer says", () => {
    const lease = granted(3);
    giveBack(lease);
    mergeGrant(lease, { order: 2, report: reportOf(lease, 0) }, grantOf(3, { returned: 0 }));
    expect([freeTokens(lease), availabilityOf(lease, today)]).toEqual([0, "empty"]);
  });

  test("a token that was taken after the last report is reported, even when quota has closed the lease", () => {
    const lease = granted(3);
    const sent = { order: 2, report: reportOf(lease, 0) };
    takeToken(lease);
    mergeGrant(lease, sent, grantOf(3, { state: "closed", returned: 1 }));
    expect(reportOf(lease, 0)).toMatchObject({ leaseId: "7", used: 1, close: true });
  });

  test("advice is taken from the answer to the newest report, whichever comes last", () => {
    const lease = granted(3);
    const [older, newer] = [2, 3].map((order) => ({ order, report: reportOf(lease, 1) }));
    mergeGrant(lease, newer as SentReport, grantOf(3, { limit: 800, plan: "pro", remaining: 700 }));
    mergeGrant(lease, older as SentReport, grantOf(3, { limit: 75, plan: "free", remaining: 0, status: "exhausted" }));
    expect([lease.limit, lease.plan, lease.status, remainingOf(lease, today)]).toEqual([800, "pro", "ok", 700]);
  });

  test("a lease that a quota of the release before makes for nobody is no member's", () => {
    const lease = newLease("org:o", "api_calls", "usr_1");
    const sent = { order: 1, report: reportOf(lease, 3) };
    mergeGrant(lease, sent, grantOf(3, { owner: "org:o" }));
    expect([lease.leaseId, lease.status]).toEqual([null, "unknown"]);
    mergeGrant(lease, sent, grantOf(3, { owner: "org:o", member: "usr_1" }));
    // Of a lease that is known by its id such an answer is as good as any.
    takeToken(lease);
    mergeGrant(lease, { order: 2, report: reportOf(lease, 0) }, grantOf(3, { owner: "org:o", reported: 1 }));
    expect([lease.leaseId, lease.reported]).toEqual(["7", 1]);
  });

  test("a token that is not held cannot be taken", () => {
    expect(() => takeToken(newLease("user:u", "api_calls"))).toThrow("does not hold");
  });

  test("remaining falls with each token taken since the last answer", () => {
    const lease = granted(3);
    takeToken(lease);
    expect([remainingOf(lease, today), remainingOf(lease, "2026-11-23"), freeTokens(lease)]).toEqual([74, 75, 2]);
  });
});

import { describe, expect, test } from "@jest/globals";
import { planIds, plans } from "@topdog/contracts/plans";
import { subscriptionUpdatedSchema } from "@topdog/contracts/events/subscription-updated";
import * as fc from "fast-check";
import { toSubscriptionUpdated } from "./subscription-announcement.ts";
import { judgePlan } from "./subscription.ts";

const dev = { regulatedLineup: false };
const wanted = (over: object) => ({ owner: "org:o", plan: "teams", interval: "month", seats: 3, ...over });

describe("giving a plan to an owner", () => {
  test.each([
    [{ owner: "acme" }, /user:<id> or org:<id>/],
    [{ owner: "org:a b" }, /user:<id> or org:<id>/],
    [{ plan: "gold" }, /unknown plan/],
    [{ plan: "toString" }, /unknown plan/],
    [{ interval: "week" }, /month or year/],
    [{ plan: "med_teams", seats: 5 }, /switched off/],
    [{ plan: "pro", seats: 1 }, /personal plan/],
    [{ owner: "user:u" }, /belongs to an org/],
    [{ seats: 2 }, /at least 3 seats/],
    [{ plan: "enterprise", seats: 9 }, /at least 10 seats/],
    [{ seats: 3.5 }, /whole number/],
    [{ seats: Number.NaN }, /whole number/],
    [{ seats: 1_000_001 }, /whole number/],
    [{ owner: "user:u", plan: "pro", seats: 2 }, /seats must be 1/],
    [{ owner: "user:u", plan: "free", seats: 1, interval: "year" }, /not by the year/],
  ])("%j is refused with its reason", (over, reason) => {
    const verdict = judgePlan(wanted(over), dev);
    expect(verdict.ok ? "accepted" : verdict.reason).toMatch(reason);
  });

  test.each([
    { seats: 3 },
    { plan: "enterprise", seats: 10, interval: "year" },
    { owner: "user:u", plan: "pro_plus", seats: 1 },
    { plan: "free", seats: 1 },
  ])("%j is accepted", (over) => {
    expect(judgePlan(wanted(over), dev).ok).toBe(true);
  });

  test("what is accepted is always a valid announcement with the plan's minimum of seats", () => {
    const anyWanted = fc.record({
      owner: fc.constantFrom("user:u", "org:o"),
      plan: fc.constantFrom(...planIds),
      interval: fc.constantFrom("month", "year"),
      seats: fc.integer({ min: -2, max: 30 }),
    });
    fc.assert(
      fc.property(anyWanted, fc.boolean(), (input, regulatedLineup) => {
        const verdict = judgePlan(input, { regulatedLineup });
        if (!verdict.ok) return;
        expect(verdict.wanted.seats).toBeGreaterThanOrEqual(plans[verdict.wanted.plan].minimumSeats);
        const subscription = { ...verdict.wanted, version: 1, status: "active" as const, changedAt: new Date(0) };
        expect(subscriptionUpdatedSchema.safeParse(toSubscriptionUpdated(subscription)).success).toBe(true);
      }),
    );
  });
});

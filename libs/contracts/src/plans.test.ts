import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { annualPriceCents, byokCapacity, orgApiCallsPerDay, planIds, plans } from "./plans.ts";
import { dailyLimit, orgBucket, planMeters, seatBucket, subscriptionOwnerOf, userBucket } from "./quota.ts";

const anyPlan = fc.constantFrom(...planIds).map((id) => plans[id]);
const anySeats = fc.integer({ min: 1, max: 100_000 });
const anyId = fc.stringMatching(/^[\w-]{1,64}$/);

/** product.md, "Plans": calls, LLM requests, concurrency, cents a month, minimum seats, personal BYOK slots. */
const golden = {
  free: [75, 40, 1, 0, 1, 2],
  pro: [800, 300, 2, 2900, 1, 3],
  pro_plus: [1200, 450, 3, 4900, 1, 5],
  teams: [1600, 600, 3, 3900, 3, 0],
  enterprise: [3500, 1400, 6, 7900, 10, 0],
  med_pro: [1200, 450, 3, 8900, 1, 5],
  med_teams: [2000, 800, 4, 12900, 5, 0],
  med_enterprise: [4000, 1800, 8, 19900, 10, 0],
  sci_pro: [1000, 400, 3, 6900, 1, 5],
  sci_teams: [1800, 700, 4, 9900, 3, 0],
  sci_enterprise: [3800, 1500, 7, 14900, 10, 0],
};

describe("the plan catalogue", () => {
  test.each(planIds.map((id) => [id, golden[id]] as const))("%s has the numbers of the product page", (id, numbers) => {
    const plan = plans[id];
    expect([
      plan.apiCallsPerDay,
      plan.llmRequestsPerDay,
      plan.concurrentRequests,
      plan.monthlyPriceCents,
      plan.minimumSeats,
      plan.personalByokSlots,
    ]).toEqual(numbers);
    expect(plan.id).toBe(id);
  });

  test.each([
    ["teams", 3, 1200, 18],
    ["teams", 10, 4000, 32],
    ["enterprise", 10, 17_500, 54],
    ["med_teams", 5, 3500, 35],
    ["med_enterprise", 10, 24_000, 120],
    ["sci_teams", 3, 1620, 21],
    ["sci_enterprise", 10, 20_900, 120],
  ] as const)("%s with %i seats has an org bucket of %i calls and %i pooled BYOK slots", (id, seats, calls, slots) => {
    expect(orgApiCallsPerDay(plans[id], seats)).toBe(calls);
    expect(byokCapacity(plans[id], seats)).toEqual({ scope: "org", capacity: slots });
  });

  test.each([
    ["pro", 26_10],
    ["pro_plus", 44_10],
    ["teams", 35_10],
    ["enterprise", 71_10],
    ["med_pro", 89_00],
    ["sci_enterprise", 149_00],
  ] as const)("%s billed annually is %i cents a month", (id, cents) => {
    expect(annualPriceCents(plans[id])).toBe(cents * 12);
  });

  test("every annual price is a whole number of cents a year and a month", () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        expect(Number.isInteger(annualPriceCents(plan))).toBe(true);
        expect(annualPriceCents(plan) % 12).toBe(0);
        const full = plan.monthlyPriceCents * 12;
        expect(annualPriceCents(plan)).toBe(plan.lineup === "dev" ? full * 0.9 : full);
      }),
    );
  });

  test("one more seat never lowers a limit, and pools are whole numbers", () => {
    fc.assert(
      fc.property(anyPlan, anySeats, (plan, seats) => {
        expect(Number.isInteger(orgApiCallsPerDay(plan, seats))).toBe(true);
        expect(orgApiCallsPerDay(plan, seats + 1)).toBeGreaterThanOrEqual(orgApiCallsPerDay(plan, seats));
        expect(byokCapacity(plan, seats + 1).capacity).toBeGreaterThanOrEqual(byokCapacity(plan, seats).capacity);
      }),
    );
  });

  test("a shared org bucket never exceeds its percentage of the seats' own calls", () => {
    fc.assert(
      fc.property(anyPlan, anySeats, (plan, seats) => {
        if (plan.orgBucket.kind !== "share") return;
        const exact = (plan.apiCallsPerDay * seats * plan.orgBucket.percentOfSeatCalls) / 100;
        expect(orgApiCallsPerDay(plan, seats)).toBeLessThanOrEqual(exact);
        expect(exact - orgApiCallsPerDay(plan, seats)).toBeLessThan(1);
      }),
    );
  });

  test("only plans with seats have an org bucket and a BYOK pool", () => {
    for (const plan of Object.values(plans)) {
      expect(plan.orgByokPool !== null).toBe(plan.perSeat);
      expect(plan.orgBucket.kind !== "none").toBe(plan.perSeat);
    }
  });
});

describe("daily limits of a bucket", () => {
  test("a user's bucket never depends on seats; an org bucket has no LLM meter", () => {
    fc.assert(
      fc.property(anyPlan, anySeats, anyId, (plan, seats, id) => {
        expect(dailyLimit(userBucket(id), "api_calls", plan, seats)).toBe(plan.apiCallsPerDay);
        expect(dailyLimit(userBucket(id), "llm_requests", plan, seats)).toBe(plan.llmRequestsPerDay);
        expect(dailyLimit(orgBucket(id), "llm_requests", plan, seats)).toBe(0);
        expect(dailyLimit(orgBucket(id), "api_calls", plan, seats)).toBe(orgApiCallsPerDay(plan, seats));
      }),
    );
  });

  test("a seat under a plan without seats has nothing", () => {
    for (const meter of planMeters) expect(dailyLimit(seatBucket("o", "u"), meter, plans.free, 1)).toBe(0);
  });

  test("the subscription behind a bucket is its user's or its org's", () => {
    fc.assert(
      fc.property(anyId, anyId, (org, user) => {
        expect(subscriptionOwnerOf(userBucket(user))).toBe(`user:${user}`);
        expect(subscriptionOwnerOf(seatBucket(org, user))).toBe(`org:${org}`);
        expect(subscriptionOwnerOf(orgBucket(org))).toBe(`org:${org}`);
      }),
    );
  });
});

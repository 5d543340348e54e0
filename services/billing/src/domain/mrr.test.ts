import { expect, test } from "@jest/globals";
import type { plans } from "@topdog/contracts/plans";
import { readSubscriptions } from "./governing.ts";
import { movementOf, mrrMicroUsd } from "./mrr.ts";
import { timingOf } from "./plan-change.ts";
import { createPriceMap } from "./price-map.ts";
import { stripeSubscription } from "../../test/stripe-subscription-sample.ts";
import type { StripeDiscount, StripeItem } from "./stripe-subscription.ts";

const prices = createPriceMap({ STRIPE_PRICE_ID_PRO: "price_pro" });
const now = Date.UTC(2026, 5, 1);
const cent = 10_000n;
const base = stripeSubscription().items[0]!;

function mrrOf(item: Partial<StripeItem>, discounts: Partial<StripeDiscount>[] = [], status = "active"): bigint {
  const all = discounts.map((one) => ({ percentOffMilli: null, amountOffCents: null, end: null, ...one }));
  const subscription = stripeSubscription({ items: [{ ...base, ...item }], discounts: all, status });
  return mrrMicroUsd(readSubscriptions([subscription], prices, "user:usr_1").governing, now);
}

test("a month's revenue is what recurs: seats times price, a year divided by 12, to the millionth", () => {
  expect(mrrOf({})).toBe(2900n * cent);
  expect(mrrOf({ quantity: 7, unitAmountCents: 3900 })).toBe(27_300n * cent);
  expect(mrrOf({ unitAmountCents: 31_320, months: 12 })).toBe(2610n * cent);
  // 100.01 USD a year: 8.334166… a month.
  expect(mrrOf({ unitAmountCents: 10_001, months: 12 })).toBe(8_334_167n);
});

test("discounts that recur lower it until they end, and never below nothing", () => {
  expect(mrrOf({}, [{ percentOffMilli: 12_500 }])).toBe(25_375_000n);
  expect(mrrOf({ unitAmountCents: 31_320, months: 12 }, [{ amountOffCents: 1200 }])).toBe(2510n * cent);
  expect(mrrOf({}, [{ percentOffMilli: 50_000, end: new Date(now) }])).toBe(2900n * cent);
  expect(mrrOf({}, [{ amountOffCents: 5000 }])).toBe(0n);
});

test("a trial, an unpaid and an ended subscription are no revenue; one that is owed is", () => {
  for (const status of ["trialing", "unpaid", "paused", "incomplete", "canceled"])
    expect(mrrOf({}, [], status)).toBe(0n);
  expect(mrrOf({}, [], "past_due")).toBe(2900n * cent);
});

test("movements are named by where they come from and lead to", () => {
  expect(movementOf(5n, 5n, true)).toBeNull();
  expect(movementOf(0n, 5n, false)).toBe("new");
  expect(movementOf(0n, 5n, true)).toBe("reactivation");
  expect(movementOf(5n, 8n, true)).toBe("expansion");
  expect(movementOf(8n, 5n, true)).toBe("contraction");
  expect(movementOf(5n, 0n, true)).toBe("churn");
});

test("more and a longer interval come now; less and a shorter one when the period ends", () => {
  const at = (plan: keyof typeof plans, interval: "month" | "year" = "month", seats = 1) => ({ plan, interval, seats });
  expect(timingOf(at("pro"), at("pro"))).toBe("same");
  expect(timingOf(at("pro"), at("pro_plus"))).toBe("now");
  expect(timingOf(at("pro"), at("pro", "year"))).toBe("now");
  expect(timingOf(at("teams", "month", 3), at("teams", "month", 4))).toBe("now");
  expect(timingOf(at("teams", "month", 4), at("teams", "month", 3))).toBe("period_end");
  expect(timingOf(at("pro_plus"), at("pro"))).toBe("period_end");
  expect(timingOf(at("pro_plus"), at("pro", "year"))).toBe("period_end");
  expect(timingOf(at("pro", "year"), at("pro_plus"))).toBe("period_end");
  // More money in all, and still less of what was paid for.
  expect(timingOf(at("enterprise", "month", 10), at("teams", "month", 30))).toBe("period_end");
});

import type { PlanId } from "@topdog/contracts/plans";
import {
  billingIntervals,
  type PaidPlanId,
  paidPlanIds,
  type PriceVariable,
  priceVariable,
} from "@topdog/contracts/stripe-prices";
import type { Interval } from "./subscription.ts";

export interface PlanPrice {
  readonly plan: PaidPlanId;
  readonly interval: Interval;
  readonly priceId: string;
}

/** Which of Stripe's prices is which plan, billed by the month or the year. */
export interface PriceMap {
  readonly all: readonly PlanPrice[];
  /** Null for a price that nobody mapped: it is never guessed. */
  ofPrice(priceId: string): PlanPrice | null;
  /** Null for a plan that has no such price. */
  ofPlan(plan: PlanId, interval: Interval): PlanPrice | null;
}

/** Throws when a price is given twice: it would be one plan or the other by chance. */
export function createPriceMap(ids: Readonly<Partial<Record<PriceVariable, string | undefined>>>): PriceMap {
  const all: PlanPrice[] = [];
  for (const plan of paidPlanIds) {
    for (const interval of billingIntervals) {
      const priceId = ids[priceVariable(plan, interval)];
      if (priceId !== undefined) all.push({ plan, interval, priceId });
    }
  }
  const byPrice = new Map(all.map((one) => [one.priceId, one]));
  if (byPrice.size !== all.length) throw new Error("two of STRIPE_PRICE_ID_… hold the same price");
  return {
    all,
    ofPrice: (priceId) => byPrice.get(priceId) ?? null,
    ofPlan: (plan, interval) => all.find((one) => one.plan === plan && one.interval === interval) ?? null,
  };
}

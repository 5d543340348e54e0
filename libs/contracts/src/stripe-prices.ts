import { annualPriceCents, type PlanId, planIds, plans } from "./plans.ts";

export const billingIntervals = ["month", "year"] as const;
export type BillingInterval = (typeof billingIntervals)[number];

export type PaidPlanId = Exclude<PlanId, "free">;
export const paidPlanIds: readonly PaidPlanId[] = planIds.filter((id): id is PaidPlanId => id !== "free");

export type PriceVariable = `STRIPE_PRICE_ID_${Uppercase<PaidPlanId>}${"" | "_ANNUAL"}`;

/** The variable that holds the id of a plan's price: `STRIPE_PRICE_ID_PRO`, `STRIPE_PRICE_ID_PRO_ANNUAL`. */
export const priceVariable = (plan: PaidPlanId, interval: BillingInterval): PriceVariable =>
  `STRIPE_PRICE_ID_${plan.toUpperCase() as Uppercase<PaidPlanId>}${interval === "year" ? "_ANNUAL" : ""}`;

/** What one seat (or one subscriber) costs per interval, in cents. */
export const priceCents = (plan: PaidPlanId, interval: BillingInterval): number =>
  interval === "year" ? annualPriceCents(plans[plan]) : plans[plan].monthlyPriceCents;

/** The id of a plan's price in the Stripe twin. */
export const twinPriceId = (plan: PaidPlanId, interval: BillingInterval): string =>
  `price_twin_${plan}${interval === "year" ? "_annual" : ""}`;

/** The variables of every price of the Stripe twin. */
export const twinPriceVariables = (): Record<string, string> =>
  Object.fromEntries(
    paidPlanIds.flatMap((plan) =>
      billingIntervals.map((interval) => [priceVariable(plan, interval), twinPriceId(plan, interval)]),
    ),
  );

import type { StripeSubscription } from "../src/domain/stripe-subscription.ts";

/** An active subscription to Pro, by the month. */
export const stripeSubscription = (other: Partial<StripeSubscription> = {}): StripeSubscription => ({
  id: "sub_1",
  status: "active",
  createdAt: new Date("2026-05-01T00:00:00Z"),
  items: [
    {
      id: "si_1",
      priceId: "price_pro",
      quantity: 1,
      unitAmountCents: 2900,
      months: 1,
      periodEnd: new Date("2026-07-01T00:00:00Z"),
    },
  ],
  cancelAtPeriodEnd: false,
  cancelAt: null,
  endedAt: null,
  trialEnd: null,
  collectionPaused: false,
  taxLocationMissing: false,
  changePending: false,
  unpaidSince: null,
  paymentUrl: null,
  scheduleId: null,
  scheduled: null,
  discounts: [],
  ...other,
});

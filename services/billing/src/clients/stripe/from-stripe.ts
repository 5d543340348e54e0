import type Stripe from "stripe";
import type {
  ScheduledItem,
  StripeDiscount,
  StripeItem,
  StripeSubscription,
} from "../../domain/stripe-subscription.ts";

const dateOf = (seconds: number | null | undefined): Date | null =>
  seconds === null || seconds === undefined ? null : new Date(seconds * 1000);

export const idOf = (value: string | { readonly id: string } | null | undefined): string | null =>
  value === null || value === undefined ? null : typeof value === "string" ? value : value.id;

/** The one place that knows how Stripe writes a subscription. `unpaidSince` comes from its invoices. */
export function fromStripeSubscription(
  subscription: Stripe.Subscription,
  unpaidSince: Date | null,
): StripeSubscription {
  const { latest_invoice: invoice, schedule } = subscription;
  const isOwed = invoice !== null && typeof invoice === "object" && invoice.status === "open";
  return {
    id: subscription.id,
    status: subscription.status,
    createdAt: new Date(subscription.created * 1000),
    items: subscription.items.data.map(fromStripeItem),
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    cancelAt: dateOf(subscription.cancel_at),
    endedAt: dateOf(subscription.ended_at),
    trialEnd: dateOf(subscription.trial_end),
    collectionPaused: subscription.pause_collection !== null,
    taxLocationMissing: subscription.automatic_tax.disabled_reason === "requires_location_inputs",
    changePending: subscription.pending_update !== null,
    unpaidSince,
    paymentUrl: isOwed ? (invoice.hosted_invoice_url ?? null) : null,
    scheduleId: idOf(schedule),
    scheduled: schedule !== null && typeof schedule === "object" ? scheduledItem(schedule) : null,
    discounts: subscription.discounts.flatMap(fromStripeDiscount),
  };
}

const monthsOf = (recurring: Stripe.Price.Recurring | null): number => {
  if (recurring === null) return 1;
  return recurring.interval === "year" ? 12 * recurring.interval_count : recurring.interval_count;
};

const fromStripeItem = ({
  id,
  price,
  quantity,
  current_period_end: periodEnd,
}: Stripe.SubscriptionItem): StripeItem => ({
  id,
  priceId: price.id,
  quantity: quantity ?? 1,
  unitAmountCents: price.unit_amount,
  months: monthsOf(price.recurring),
  periodEnd: dateOf(periodEnd),
});

/** The phase after the present one. */
function scheduledItem(schedule: Stripe.SubscriptionSchedule): ScheduledItem | null {
  const endOfPhase = schedule.current_phase?.end_date;
  if (schedule.status !== "active" || endOfPhase === undefined) return null;
  const next = schedule.phases.find((phase) => phase.start_date >= endOfPhase);
  const item = next?.items[0];
  const priceId = idOf(item?.price);
  if (next === undefined || item === undefined || priceId === null) return null;
  return { priceId, quantity: item.quantity ?? 1, at: new Date(next.start_date * 1000) };
}

function fromStripeDiscount(discount: string | Stripe.Discount): StripeDiscount[] {
  const coupon = typeof discount === "string" ? null : discount.source.coupon;
  if (typeof discount === "string" || coupon === null || typeof coupon === "string") return [];
  if (coupon.duration === "once") return [];
  return [
    {
      percentOffMilli: coupon.percent_off === null ? null : Math.round(coupon.percent_off * 1000),
      amountOffCents: coupon.amount_off,
      end: dateOf(discount.end),
    },
  ];
}

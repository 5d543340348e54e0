import type Stripe from "stripe";
import type { StripeSubscription } from "../../domain/stripe-subscription.ts";
import type { Interval } from "../../domain/subscription.ts";
import { idOf } from "./from-stripe.ts";
import type { StripeCaller } from "./stripe-caller.ts";
import { isMissing } from "./stripe-failure.ts";

export interface ItemChange {
  readonly subscriptionId: string;
  readonly itemId: string;
  readonly priceId: string;
  readonly quantity: number;
  /** Unix seconds: the moment that the preview was computed for. */
  readonly prorationDate: number;
}

/** Invoices the difference at once, and changes nothing before that is paid. */
export async function changeItem(stripe: StripeCaller, change: ItemChange, idempotencyKey: string): Promise<void> {
  const { subscriptionId, itemId, priceId, quantity, prorationDate } = change;
  await stripe.call((sdk) =>
    sdk.subscriptions.update(
      subscriptionId,
      {
        items: [{ id: itemId, price: priceId, quantity }],
        payment_behavior: "pending_if_incomplete",
        proration_behavior: "always_invoice",
        proration_date: prorationDate,
      },
      { idempotencyKey },
    ),
  );
}

/** `none` and `no_date` take back the two forms in which an end can be set. */
export async function setCancellation(
  stripe: StripeCaller,
  subscriptionId: string,
  end: "at_period_end" | "none" | "no_date",
  idempotencyKey: string,
): Promise<void> {
  const params: Stripe.SubscriptionUpdateParams =
    end === "no_date" ? { cancel_at: "" } : { cancel_at_period_end: end === "at_period_end" };
  await stripe.call((sdk) => sdk.subscriptions.update(subscriptionId, params, { idempotencyKey }));
}

/** The subscription's schedule; one that follows what it has now is made when there is none. */
export function scheduleOf(
  stripe: StripeCaller,
  { id, scheduleId }: Pick<StripeSubscription, "id" | "scheduleId">,
  idempotencyKey: string,
): Promise<Stripe.SubscriptionSchedule> {
  return stripe.call((sdk) =>
    scheduleId === null
      ? sdk.subscriptionSchedules.create({ from_subscription: id }, { idempotencyKey })
      : sdk.subscriptionSchedules.retrieve(scheduleId),
  );
}

export interface NextPhase {
  readonly priceId: string;
  readonly quantity: number;
  readonly interval: Interval;
}

/** The present phase stays to its end; then comes the next one, without proration; then the schedule lets go. */
export async function planNextPhase(
  stripe: StripeCaller,
  schedule: Stripe.SubscriptionSchedule,
  { priceId, quantity, interval }: NextPhase,
  idempotencyKey: string,
): Promise<void> {
  const present =
    schedule.phases.find(({ start_date: start }) => start === schedule.current_phase?.start_date) ?? schedule.phases[0];
  if (present === undefined) throw new Error("a schedule without a phase");
  // A phase that does not repeat the discounts and the trial of the subscription would end them.
  const discounts = present.discounts.map(({ coupon, discount, promotion_code: code }) => ({
    ...(discount === null ? {} : { discount: idOf(discount) ?? "" }),
    ...(discount === null && coupon !== null ? { coupon: idOf(coupon) ?? "" } : {}),
    ...(discount === null && coupon === null ? { promotion_code: idOf(code) ?? "" } : {}),
  }));
  const kept = discounts.length === 0 ? {} : { discounts };
  await stripe.call((sdk) =>
    sdk.subscriptionSchedules.update(
      schedule.id,
      {
        end_behavior: "release",
        phases: [
          {
            items: present.items.map((item) => ({ price: idOf(item.price) ?? "", quantity: item.quantity ?? 1 })),
            start_date: present.start_date,
            end_date: present.end_date,
            ...(present.trial_end === null ? {} : { trial_end: present.trial_end }),
            ...kept,
          },
          {
            items: [{ price: priceId, quantity }],
            proration_behavior: "none",
            duration: { interval, interval_count: 1 },
            ...kept,
          },
        ],
      },
      { idempotencyKey },
    ),
  );
}

/** Looked at first: one that let go already cannot be released. */
export async function releaseSchedule(stripe: StripeCaller, id: string, idempotencyKey: string): Promise<void> {
  const { status } = await stripe.call((sdk) => sdk.subscriptionSchedules.retrieve(id));
  if (status !== "active" && status !== "not_started") return;
  await stripe.call((sdk) => sdk.subscriptionSchedules.release(id, {}, { idempotencyKey }));
}

/**
 * Ends it now, without giving anything back. Deletions have no idempotency keys: one that has ended already, by a request whose answer was
 * lost too, is as it should be.
 */
export async function endSubscription(stripe: StripeCaller, id: string): Promise<void> {
  try {
    await stripe.call((sdk) => sdk.subscriptions.cancel(id, { invoice_now: false, prorate: false }));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

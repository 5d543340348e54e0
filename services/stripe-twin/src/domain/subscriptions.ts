import type { LineContext } from "./lines.ts";
import { periodAt } from "./periods.ts";
import { invalid, type StripeError } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { Customer, Discount, InvoiceItem, StripePlan, Price, Subscription, SubscriptionItem } from "./types.ts";

export interface ItemOrder {
  readonly price: string;
  readonly quantity?: number | undefined;
  readonly metadata?: Record<string, string> | undefined;
}

/** An active, recurring price, or Stripe's refusal. */
export function recurringPrice(
  tx: Tx,
  id: string,
  param: string,
): Price & { recurring: NonNullable<Price["recurring"]> } {
  const price = tx.need("price", id, param);
  if (!price.active) throw invalid(`The price specified is inactive. This field only accepts active prices.`, param);
  if (price.recurring === null)
    throw invalid(
      "The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.",
      param,
    );
  return price as ReturnType<typeof recurringPrice>;
}

const planOf = (price: ReturnType<typeof recurringPrice>): StripePlan => ({
  id: price.id,
  object: "plan",
  active: price.active,
  amount: price.unit_amount,
  amount_decimal: price.unit_amount_decimal,
  billing_scheme: "per_unit",
  created: price.created,
  currency: price.currency,
  interval: price.recurring.interval,
  interval_count: price.recurring.interval_count,
  livemode: false,
  metadata: {},
  meter: null,
  nickname: price.nickname,
  product: price.product,
  tiers_mode: null,
  transform_usage: null,
  trial_period_days: null,
  usage_type: "licensed",
});

export interface Span {
  readonly start: number;
  readonly end: number;
}

export function newItem(tx: Tx, subscription: string, order: ItemOrder, span: Span, param: string): SubscriptionItem {
  const price = recurringPrice(tx, order.price, `${param}[price]`);
  return {
    id: tx.newId("si"),
    object: "subscription_item",
    billing_thresholds: null,
    created: tx.nowSeconds,
    current_period_end: span.end,
    current_period_start: span.start,
    current_trial: null,
    discounts: [],
    metadata: order.metadata ?? {},
    plan: planOf(price),
    price,
    quantity: order.quantity ?? 1,
    subscription,
    tax_rates: [],
  };
}

export const withPrice = (tx: Tx, item: SubscriptionItem, priceId: string, param: string): SubscriptionItem => {
  const price = recurringPrice(tx, priceId, param);
  return { ...item, price, plan: planOf(price) };
};

/** The period of a price that holds a moment, counted from an anchor. */
export const spanOf = (price: Price, anchorSeconds: number, atSeconds: number): Span => {
  if (price.recurring === null) throw new Error(`price ${price.id} is not recurring`);
  return periodAt(anchorSeconds, price.recurring, atSeconds);
};

export const isEnded = ({ status }: Subscription): boolean => status === "canceled" || status === "incomplete_expired";

export function activeDiscounts(tx: Tx, { discounts }: Subscription): Discount[] {
  return discounts
    .flatMap((id) => tx.find("discount", id) ?? [])
    .filter(({ end }) => end === null || end > tx.nowSeconds);
}

/** Where tax cannot be computed, Stripe goes on without it and says so. */
export const canTax = (customer: Customer): boolean => (customer.address?.country ?? null) !== null;

export function lineContext(tx: Tx, subscription: Subscription): LineContext {
  const taxed = subscription.automatic_tax.enabled && canTax(tx.need("customer", subscription.customer));
  return {
    subscription: subscription.id,
    metadata: subscription.metadata,
    discounts: activeDiscounts(tx, subscription),
    taxPercent: taxed ? tx.meta().settings.taxPercent : 0,
  };
}

/** Prorations that no invoice has taken in yet. */
export const waitingItems = (tx: Tx, subscription: string): InvoiceItem[] =>
  tx
    .all("invoiceitem")
    .filter((one) => one.invoice === null && one.parent?.subscription_details?.subscription === subscription);

/** A coupon that counts once is used up by the first invoice. */
export function endSpentDiscounts(tx: Tx, subscription: Subscription): void {
  for (const discount of activeDiscounts(tx, subscription)) {
    if (tx.find("coupon", discount.source.coupon)?.duration === "once" && discount.end === null)
      tx.put("discount", { ...discount, end: tx.nowSeconds });
  }
}

export function chargedMethod(tx: Tx, subscription: Subscription): string | null {
  const ofCustomer = tx.find("customer", subscription.customer)?.invoice_settings.default_payment_method;
  return subscription.default_payment_method ?? (typeof ofCustomer === "string" ? ofCustomer : null);
}

export const noPaymentMethod = (): StripeError =>
  invalid(
    "This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
    undefined,
    "resource_missing",
  );

/** Stores the next state, and says in an event what changed: the fields' earlier values. */
export function saveSubscription(tx: Tx, next: Subscription): Subscription {
  const before = tx.need("subscription", next.id);
  const changed = Object.entries(before).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(next[key as keyof Subscription]),
  );
  if (changed.length === 0) return before;
  tx.put("subscription", next);
  tx.emit("customer.subscription.updated", next, Object.fromEntries(changed));
  return next;
}

export const withStatus = (tx: Tx, id: string, status: Subscription["status"]): Subscription =>
  saveSubscription(tx, { ...tx.need("subscription", id), status });

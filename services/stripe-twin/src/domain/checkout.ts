import { type CheckoutOrder, emptySession, openSession } from "./checkout-session.ts";
import { redeemable } from "./coupons.ts";
import { totalsOf } from "./invoice-form.ts";
import { fullPiece, linesOf } from "./lines.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { newItem, recurringPrice } from "./subscriptions.ts";
import type { CheckoutPlan } from "./records.ts";
import type { CheckoutSession } from "./types.ts";

const minExpirySeconds = 30 * 60;
const maxExpirySeconds = 86_400;

export function createCheckout(tx: Tx, order: CheckoutOrder): CheckoutSession {
  if (order.items.length === 0) throw invalid("Missing required param: line_items.", "line_items", "parameter_missing");
  order.items.forEach(({ price }, index) => recurringPrice(tx, price, `line_items[${index}][price]`));
  order.discounts.forEach((one, index) => redeemable(tx, one, `discounts[${index}]`));
  if (order.customer !== null) tx.need("customer", order.customer, "customer");
  const expiresAt = order.expiresAt ?? tx.nowSeconds + maxExpirySeconds;
  const left = expiresAt - tx.nowSeconds;
  if (left < minExpirySeconds || left > maxExpirySeconds)
    throw invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours in the future.", "expires_at");
  const id = tx.newId("cs_test");
  const plan: CheckoutPlan = {
    id,
    items: order.items,
    metadata: order.metadata,
    trialEnd: order.trialEnd,
    trialDays: order.trialDays,
    missingPaymentMethod: order.missingPaymentMethod,
    discounts: order.discounts,
    description: order.description,
    challenged: null,
  };
  tx.put("checkout_plan", plan);
  const session = emptySession(tx, id, order, expiresAt);
  const priced = { ...session, ...sumsOf(tx, plan, order.automaticTax) };
  tx.put("checkout.session", priced);
  return priced;
}

/** What is due today, before the customer's location is known: tax is added when it is. */
export function sumsOf(tx: Tx, plan: CheckoutPlan, taxed: boolean) {
  const lines = checkoutLines(tx, plan, taxed ? tx.meta().settings.taxPercent : 0);
  const totals = totalsOf(lines);
  const discount = totals.discounts.reduce((sum, { amount }) => sum + amount, 0);
  return {
    amount_subtotal: totals.subtotal,
    amount_total: totals.total,
    total_details: { amount_discount: discount, amount_shipping: 0, amount_tax: totals.tax },
  };
}

export const hasTrial = (tx: Tx, { trialEnd, trialDays }: CheckoutPlan): boolean =>
  (trialDays ?? 0) > 0 || (trialEnd ?? 0) > tx.nowSeconds;

function checkoutLines(tx: Tx, plan: CheckoutPlan, taxPercent: number) {
  const trial = hasTrial(tx, plan);
  const span = { start: tx.nowSeconds, end: tx.nowSeconds };
  const pieces = plan.items.map((one, index) => {
    const piece = fullPiece(newItem(tx, "sub_preview", one, span, `line_items[${index}]`));
    return trial ? { ...piece, grossCents: 0 } : piece;
  });
  const discounts = plan.discounts.map((one, index) => ({
    id: `di_preview_${index}`,
    source: { coupon: redeemable(tx, one, `discounts[${index}]`).id, type: "coupon" as const },
  }));
  return linesOf(tx, pieces, [], {
    subscription: "sub_preview",
    metadata: {},
    discounts: discounts as never,
    taxPercent,
  });
}

/** Sets the quantity of a line that the customer may change. */
export function setQuantity(tx: Tx, id: string, index: number, quantity: number): void {
  const plan = tx.need("checkout_plan", id);
  const items = plan.items.map((one, at) => {
    if (at !== index || !one.adjustable) return one;
    return { ...one, quantity: Math.min(Math.max(quantity, one.minimum), one.maximum) };
  });
  tx.put("checkout_plan", { ...plan, items });
  const session = tx.need("checkout.session", id);
  tx.put("checkout.session", { ...session, ...sumsOf(tx, { ...plan, items }, session.automatic_tax.enabled) });
}

/** A code that the customer typed in; it takes the place of an earlier one. */
export function applyPromotion(tx: Tx, id: string, code: string): void {
  const session = openSession(tx, id);
  const promotion = tx.all("promotion_code").find((one) => one.code.toLowerCase() === code.toLowerCase());
  if (promotion === undefined) throw invalid("This code is invalid.", "promotion_code");
  const discounts = [{ promotion_code: promotion.id }];
  redeemable(tx, { promotion_code: promotion.id }, "promotion_code");
  const plan = { ...tx.need("checkout_plan", id), discounts };
  tx.put("checkout_plan", plan);
  tx.put("checkout.session", {
    ...session,
    discounts: [{ coupon: null, promotion_code: promotion.id }],
    ...sumsOf(tx, plan, session.automatic_tax.enabled),
  });
}

export function expireCheckout(tx: Tx, id: string): CheckoutSession {
  const session = openSession(tx, id);
  const expired: CheckoutSession = { ...session, status: "expired", url: null };
  tx.put("checkout.session", expired);
  tx.emit("checkout.session.expired", expired);
  return expired;
}

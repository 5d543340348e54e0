import { type Collected, collectDraft } from "./collect.ts";
import { createDiscounts, type DiscountOrder } from "./coupons.ts";
import { draftInvoice, finalizeInvoice, markPaid } from "./invoices.ts";
import { fullPiece, grossOf, linesOf, type Piece } from "./lines.ts";
import { afterPaid } from "./collect.ts";
import { recordDebits } from "./pending-change.ts";
import { debitsOf } from "./proration.ts";
import { shareOf } from "./periods.ts";
import { cardError, invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { remindOfTrial } from "./trial-reminder.ts";
import {
  canTax,
  chargedMethod,
  endSpentDiscounts,
  type ItemOrder,
  lineContext,
  newItem,
  noPaymentMethod,
  recurringPrice,
  spanOf,
  type Span,
} from "./subscriptions.ts";
import type { Subscription } from "./types.ts";

export type PaymentBehavior =
  | "allow_incomplete"
  | "default_incomplete"
  | "error_if_incomplete"
  | "pending_if_incomplete";
export type ProrationBehavior = "create_prorations" | "none" | "always_invoice";

export interface SubscriptionOrder {
  readonly customer: string;
  readonly items: readonly ItemOrder[];
  readonly metadata: Record<string, string>;
  readonly description: string | null;
  readonly trialEnd: number | null;
  readonly missingPaymentMethod: "cancel" | "create_invoice" | "pause";
  /** In the future: the first period is shorter. */
  readonly billingCycleAnchor: number | null;
  readonly prorationBehavior: ProrationBehavior;
  readonly paymentBehavior: PaymentBehavior;
  readonly defaultPaymentMethod: string | null;
  readonly discounts: readonly DiscountOrder[];
  readonly automaticTax: boolean;
  readonly billingMode: "classic" | "flexible";
  readonly cancelAtPeriodEnd: boolean;
  readonly cancelAt: number | null;
}

const maxItems = 20;

function validated(tx: Tx, order: SubscriptionOrder): string {
  const customer = tx.need("customer", order.customer, "customer");
  if (order.items.length === 0) throw invalid("Missing required param: items.", "items", "parameter_missing");
  if (order.items.length > maxItems) throw invalid(`A subscription has ${maxItems} items at most.`, "items");
  const prices = order.items.map(({ price }, index) => recurringPrice(tx, price, `items[${index}][price]`));
  if (new Set(prices.map(({ id }) => id)).size < prices.length)
    throw invalid("You cannot use the same price in more than one item of a subscription.", "items");
  if (new Set(prices.map(({ currency }) => currency)).size > 1)
    throw invalid("All prices on a subscription must have the same currency.", "items");
  if (order.automaticTax && !canTax(customer))
    throw invalid(
      "The customer's location isn't recognized. Set a valid customer address in order to automatically calculate tax.",
      "automatic_tax[enabled]",
      "customer_tax_location_invalid",
    );
  if (order.billingCycleAnchor !== null && order.billingCycleAnchor <= tx.nowSeconds)
    throw invalid("billing_cycle_anchor must be in the future.", "billing_cycle_anchor");
  if (order.trialEnd !== null && order.trialEnd <= tx.nowSeconds)
    throw invalid("Timestamp must be an integer Unix timestamp in the future.", "trial_end");
  return prices[0]!.currency;
}

/** The period that is billed first, and what it costs: nothing in a trial, a share before a later anchor. */
function firstPiece(order: SubscriptionOrder, piece: Piece, full: Span): Piece {
  const { start, end } = { start: piece.startSeconds, end: piece.endSeconds };
  if (order.trialEnd !== null) return { ...piece, grossCents: 0 };
  if (order.billingCycleAnchor === null) return piece;
  if (order.prorationBehavior === "none") return { ...piece, grossCents: 0 };
  return { ...piece, grossCents: shareOf(piece.grossCents, end - start, full.end - full.start) };
}

export function createSubscription(tx: Tx, order: SubscriptionOrder): Subscription {
  const currency = validated(tx, order);
  const id = tx.newId("sub");
  const anchor = order.trialEnd ?? order.billingCycleAnchor ?? tx.nowSeconds;
  const full = order.items.map(({ price }) => spanOf(tx.need("price", price), anchor, tx.nowSeconds));
  const items = order.items.map((one, index) => {
    const span = full[index]!;
    const first =
      order.trialEnd === null
        ? { start: Math.max(tx.nowSeconds, span.start), end: span.end }
        : { start: tx.nowSeconds, end: order.trialEnd };
    return newItem(tx, id, one, first, `items[${index}]`);
  });
  const subscription = emptySubscription(tx, id, currency, anchor, order);
  const withItems: Subscription = {
    ...subscription,
    items: { ...subscription.items, data: items },
    discounts: createDiscounts(tx, order.discounts, { customer: order.customer, subscription: id }),
    cancel_at: order.cancelAtPeriodEnd ? Math.max(...items.map((one) => one.current_period_end)) : order.cancelAt,
  };
  tx.put("subscription", withItems);
  remindOfTrial(tx, withItems);
  tx.emit("customer.subscription.created", withItems);
  const pieces = items.map((item, index) => firstPiece(order, fullPiece(item), full[index]!));
  billFirst(tx, withItems, pieces, order);
  return tx.need("subscription", id);
}

function billFirst(tx: Tx, subscription: Subscription, pieces: readonly Piece[], order: SubscriptionOrder): void {
  const lines = linesOf(tx, pieces, [], lineContext(tx, subscription));
  recordDebits(tx, debitsOf(lines));
  const invoice = draftInvoice(tx, {
    subscription,
    lines,
    reason: "subscription_create",
    periodStart: tx.nowSeconds,
    periodEnd: tx.nowSeconds,
    autoAdvance: true,
    finalizesAt: null,
  });
  tx.put("subscription", { ...subscription, latest_invoice: invoice.id });
  const gross = pieces.reduce((sum, piece) => sum + grossOf(piece.item), 0);
  if (order.paymentBehavior === "default_incomplete") {
    const open = finalizeInvoice(tx, invoice.id);
    if (open.amount_due === 0) afterPaid(tx, markPaid(tx, open.id));
  } else {
    const needsMethod = invoice.amount_due > 0 && gross > 0;
    if (needsMethod && chargedMethod(tx, subscription) === null) throw noPaymentMethod();
    const outcome = collectDraft(tx, invoice.id);
    if (order.paymentBehavior === "error_if_incomplete") refuseUnpaid(outcome);
  }
  if (order.trialEnd === null) endSpentDiscounts(tx, subscription);
}

/** Ends the request, and with it everything that it did. */
export function refuseUnpaid(outcome: Collected): void {
  if (outcome.kind === "declined") {
    const { code, declineCode, message } = outcome.decline;
    throw cardError(code, declineCode, message, {});
  }
  if (outcome.kind === "challenge")
    throw cardError(
      "subscription_payment_intent_requires_action",
      null,
      "Payment for this subscription requires additional user action before it can be completed successfully.",
      {},
    );
  if (outcome.kind === "no_payment_method") throw noPaymentMethod();
}

function emptySubscription(
  tx: Tx,
  id: string,
  currency: string,
  anchor: number,
  order: SubscriptionOrder,
): Subscription {
  return {
    id,
    object: "subscription",
    application: null,
    application_fee_percent: null,
    automatic_tax: {
      disabled_reason: null,
      enabled: order.automaticTax,
      liability: order.automaticTax ? { type: "self" } : null,
    },
    billing_cycle_anchor: anchor,
    billing_cycle_anchor_config: null,
    billing_mode: {
      flexible: order.billingMode === "flexible" ? { proration_discounts: "itemized" } : null,
      type: order.billingMode,
    },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: order.cancelAt,
    cancel_at_period_end: order.cancelAtPeriodEnd,
    canceled_at: order.cancelAtPeriodEnd || order.cancelAt !== null ? tx.nowSeconds : null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      reason: null,
    },
    collection_method: "charge_automatically",
    created: tx.nowSeconds,
    currency,
    customer: order.customer,
    customer_account: null,
    days_until_due: null,
    default_payment_method: order.defaultPaymentMethod,
    default_source: null,
    default_tax_rates: [],
    description: order.description,
    discounts: [],
    ended_at: null,
    invoice_settings: {
      account_tax_ids: null,
      custom_fields: null,
      description: null,
      footer: null,
      issuer: { type: "self" },
    },
    items: { object: "list", data: [], has_more: false, url: `/v1/subscription_items?subscription=${id}` },
    latest_invoice: null,
    livemode: false,
    managed_payments: null,
    metadata: order.metadata,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: {
      payment_method_options: null,
      payment_method_types: null,
      save_default_payment_method: "off",
    },
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: tx.nowSeconds,
    status: order.trialEnd === null ? "incomplete" : "trialing",
    test_clock: null,
    transfer_data: null,
    trial_end: order.trialEnd,
    trial_settings: {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: order.missingPaymentMethod },
    },
    trial_start: order.trialEnd === null ? null : tx.nowSeconds,
  };
}

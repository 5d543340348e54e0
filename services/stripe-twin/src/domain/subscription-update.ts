import { type Collected, collectDraft } from "./collect.ts";
import { createDiscounts, type DiscountOrder } from "./coupons.ts";
import { draftInvoice, finalizeInvoice, markPaid } from "./invoices.ts";
import { type InvoiceOrder } from "./invoice-form.ts";
import { type ChangeOrder, type ItemChange, planItemChange } from "./item-change.ts";
import { linesOf, toInvoiceItem } from "./lines.ts";
import {
  changedSubscription,
  dropPendingChange,
  pendingChangeOf,
  pendingUpdateSeconds,
  recordDebits,
} from "./pending-change.ts";
import { debitsOf } from "./proration.ts";
import { invalid, StripeError } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { type PaymentBehavior, refuseUnpaid } from "./subscription-create.ts";
import { remindOfTrial } from "./trial-reminder.ts";
import { endSpentDiscounts, isEnded, lineContext, saveSubscription, waitingItems } from "./subscriptions.ts";
import type { Subscription } from "./types.ts";

export interface SubscriptionChange extends ChangeOrder {
  readonly paymentBehavior: PaymentBehavior;
  readonly metadata: Record<string, string> | undefined;
  readonly description: string | null | undefined;
  readonly defaultPaymentMethod: string | undefined;
  readonly cancelAtPeriodEnd: boolean | undefined;
  readonly cancelAt: number | "min_period_end" | "max_period_end" | null | undefined;
  readonly comment: string | undefined;
  readonly feedback: string | undefined;
  readonly discounts: readonly DiscountOrder[] | undefined;
  readonly pauseCollection: Subscription["pause_collection"] | undefined;
  readonly automaticTax: boolean | undefined;
  readonly missingPaymentMethod: "cancel" | "create_invoice" | "pause" | undefined;
}

/** A change that changes nothing: what a caller does not say stays. */
export const noChange: SubscriptionChange = {
  items: [],
  prorationBehavior: "create_prorations",
  prorationDate: null,
  anchorNow: false,
  trialEnd: null,
  paymentBehavior: "allow_incomplete",
  metadata: undefined,
  description: undefined,
  defaultPaymentMethod: undefined,
  cancelAtPeriodEnd: undefined,
  cancelAt: undefined,
  comment: undefined,
  feedback: undefined,
  discounts: undefined,
  pauseCollection: undefined,
  automaticTax: undefined,
  missingPaymentMethod: undefined,
};

export function updateSubscription(tx: Tx, id: string, change: SubscriptionChange): Subscription {
  const before = tx.need("subscription", id);
  if (isEnded(before)) throw invalid("A canceled subscription can only update its cancellation_details and metadata.");
  const changesItems = change.items.length > 0 || change.anchorNow || change.trialEnd !== null;
  if (change.paymentBehavior === "pending_if_incomplete") refuseMixed(change);
  const pending = pendingChangeOf(tx, id);
  if (pending !== undefined && changesItems) dropPendingChange(tx, pending);
  const base = saveSubscription(tx, withFields(tx, tx.need("subscription", id), change));
  if (!changesItems) return base;
  return changeItems(tx, base, change);
}

function refuseMixed(change: SubscriptionChange): void {
  const { metadata, description, defaultPaymentMethod, cancelAtPeriodEnd, cancelAt, discounts, pauseCollection } =
    change;
  const mixed = {
    metadata,
    description,
    default_payment_method: defaultPaymentMethod,
    cancel_at_period_end: cancelAtPeriodEnd,
    cancel_at: cancelAt,
    discounts,
    pause_collection: pauseCollection,
  };
  const names = Object.entries(mixed).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length > 0)
    throw invalid(
      `You cannot pass ${names.join(", ")} together with payment_behavior=pending_if_incomplete.`,
      names[0],
    );
}

function withFields(tx: Tx, before: Subscription, change: SubscriptionChange): Subscription {
  const ends = before.items.data.map((item) => item.current_period_end);
  const next: Subscription = { ...before };
  if (change.metadata !== undefined) next.metadata = mergeMetadata(before.metadata, change.metadata);
  if (change.description !== undefined) next.description = change.description;
  if (change.defaultPaymentMethod !== undefined) {
    const method = tx.need("payment_method", change.defaultPaymentMethod, "default_payment_method");
    if (method.customer !== before.customer)
      throw invalid(`The customer does not have a payment method with the ID ${method.id}.`, "default_payment_method");
    next.default_payment_method = method.id;
  }
  if (change.discounts !== undefined)
    next.discounts = createDiscounts(tx, change.discounts, { customer: before.customer, subscription: before.id });
  if (change.pauseCollection !== undefined) next.pause_collection = change.pauseCollection;
  if (change.automaticTax !== undefined)
    next.automatic_tax = {
      ...before.automatic_tax,
      enabled: change.automaticTax,
      liability: change.automaticTax ? { type: "self" } : null,
    };
  if (change.missingPaymentMethod !== undefined)
    next.trial_settings = {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: change.missingPaymentMethod },
    };
  const cancelAt =
    change.cancelAt === "min_period_end"
      ? Math.min(...ends)
      : change.cancelAt === "max_period_end"
        ? Math.max(...ends)
        : change.cancelAt;
  if (typeof cancelAt === "number" && cancelAt <= tx.nowSeconds)
    throw invalid("cancel_at must be in the future.", "cancel_at");
  if (before.schedule !== null && (change.cancelAtPeriodEnd !== undefined || cancelAt !== undefined))
    throw invalid(
      "The subscription is managed by the subscription schedule, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.",
      change.cancelAtPeriodEnd === undefined ? "cancel_at" : "cancel_at_period_end",
    );
  if (change.cancelAtPeriodEnd !== undefined || cancelAt !== undefined)
    setCancellation(tx, next, change, ends, cancelAt);
  return next;
}

function setCancellation(
  tx: Tx,
  next: Subscription,
  change: SubscriptionChange,
  ends: number[],
  cancelAt: number | null | undefined,
): void {
  const atPeriodEnd = change.cancelAtPeriodEnd ?? (cancelAt === undefined ? next.cancel_at_period_end : false);
  next.cancel_at_period_end = atPeriodEnd;
  next.cancel_at = atPeriodEnd ? Math.max(...ends) : (cancelAt ?? null);
  next.canceled_at = next.cancel_at === null ? null : (next.canceled_at ?? tx.nowSeconds);
  next.cancellation_details = {
    comment: change.comment ?? null,
    feedback: (change.feedback ?? null) as never,
    feedback_option: null,
    reason: next.cancel_at === null ? null : "cancellation_requested",
  } as Subscription["cancellation_details"];
}

export const mergeMetadata = (before: Record<string, string>, change: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ""));

const reasonOf = (change: ItemChange): InvoiceOrder["reason"] =>
  change.periodStarts && change.trialEnd !== null ? "subscription_cycle" : "subscription_update";

function changeItems(tx: Tx, subscription: Subscription, order: SubscriptionChange): Subscription {
  const context = lineContext(tx, subscription);
  const change = planItemChange(tx, subscription, order, context);
  const billsNow = change.pieces.length > 0 && (change.periodStarts || order.prorationBehavior === "always_invoice");
  const next: Subscription = {
    ...changedSubscription(subscription, change),
    ...(change.periodStarts && subscription.status === "trialing" ? { status: "active" } : {}),
    ...(order.trialEnd === null ? {} : { status: order.trialEnd === "now" ? "active" : "trialing" }),
    ...(typeof order.trialEnd === "number" && subscription.trial_start === null ? { trial_start: tx.nowSeconds } : {}),
  };
  remindOfTrial(tx, next);
  const moved = next.cancel_at_period_end
    ? { ...next, cancel_at: Math.max(...change.items.map((item) => item.current_period_end)) }
    : next;
  if (!billsNow) {
    for (const piece of change.pieces) tx.put("invoiceitem", toInvoiceItem(tx, piece, subscription.customer, context));
    recordDebits(tx, debitsOf(linesOf(tx, change.pieces, [], context)), change.removedItems);
    return saveSubscription(tx, moved);
  }
  const lines = linesOf(tx, change.pieces, waitingItems(tx, subscription.id), context);
  const debits = debitsOf(lines.filter((line) => line.parent?.subscription_item_details?.invoice_item === null));
  const invoiceOrder: InvoiceOrder = {
    subscription,
    lines,
    reason: reasonOf(change),
    periodStart: tx.nowSeconds,
    periodEnd: tx.nowSeconds,
    autoAdvance: true,
    finalizesAt: null,
    prorationDate: order.prorationDate ?? tx.nowSeconds,
  };
  if (order.paymentBehavior === "pending_if_incomplete")
    return payFirst(tx, moved, { change, debits, invoiceOrder, removed: change.removedItems });
  const invoice = draftInvoice(tx, invoiceOrder);
  recordDebits(tx, debits, change.removedItems);
  saveSubscription(tx, { ...moved, latest_invoice: invoice.id });
  const outcome =
    order.paymentBehavior === "default_incomplete" ? leaveOpen(tx, invoice.id) : collectDraft(tx, invoice.id);
  if (order.paymentBehavior === "error_if_incomplete") refuseUnpaid(outcome);
  endSpentDiscounts(tx, subscription);
  return tx.need("subscription", subscription.id);
}

function leaveOpen(tx: Tx, invoice: string): Collected {
  const open = finalizeInvoice(tx, invoice);
  if (open.amount_due === 0) markPaid(tx, invoice);
  return { kind: "succeeded" };
}

interface PayFirst {
  readonly change: ItemChange;
  readonly debits: ReturnType<typeof debitsOf>;
  readonly removed: readonly string[];
  readonly invoiceOrder: InvoiceOrder;
}

/** The change waits in `pending_update` until its invoice is paid. */
function payFirst(tx: Tx, next: Subscription, { change, debits, removed, invoiceOrder }: PayFirst): Subscription {
  const invoice = draftInvoice(tx, invoiceOrder);
  const before = tx.need("subscription", next.id);
  tx.put("pending_change", {
    id: invoice.id,
    subscription: next.id,
    items: next.items.data,
    debits,
    removedItems: removed,
    billingCycleAnchor: change.billingCycleAnchor,
    trialEnd: change.trialEnd,
  });
  tx.put("subscription", { ...before, latest_invoice: invoice.id });
  const outcome = collectDraft(tx, invoice.id);
  if (tx.find("pending_change", invoice.id) === undefined) return tx.need("subscription", next.id);
  if (outcome.kind === "no_payment_method")
    throw new StripeError(400, {
      type: "invalid_request_error",
      code: "resource_missing",
      message: "This customer has no attached payment source or default payment method.",
    });
  return saveSubscription(tx, {
    ...tx.need("subscription", next.id),
    pending_update: {
      billing_cycle_anchor: change.billingCycleAnchor,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: tx.nowSeconds + pendingUpdateSeconds,
      metadata: null,
      subscription_items: [...next.items.data],
      trial_end: change.trialEnd,
      trial_from_plan: null,
    },
  });
}

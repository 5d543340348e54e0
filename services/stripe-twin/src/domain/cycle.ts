import { collectOpen } from "./collect.ts";
import { draftInvoice, finalizeInvoice, markUncollectible, voidInvoice } from "./invoices.ts";
import { fullPiece, linesOf } from "./lines.ts";
import { recordDebits } from "./pending-change.ts";
import { debitsOf } from "./proration.ts";
import type { Tx } from "./state.ts";
import { endSubscription } from "./subscription-end.ts";
import {
  canTax,
  chargedMethod,
  endSpentDiscounts,
  lineContext,
  saveSubscription,
  spanOf,
  waitingItems,
} from "./subscriptions.ts";
import type { Subscription } from "./types.ts";

/** The first end of a period among its items: when something happens next. */
export const periodEndOf = ({ items }: Subscription): number =>
  Math.min(...items.data.map((item) => item.current_period_end));

const endsNow = (tx: Tx, { cancel_at }: Subscription): boolean => cancel_at !== null && cancel_at <= tx.nowSeconds;

/** A period has ended: the subscription ends, or begins the next one and bills for it. */
export function turnPeriod(tx: Tx, id: string): void {
  const subscription = tx.need("subscription", id);
  if (endsNow(tx, subscription)) {
    endSubscription(tx, id, { reason: "cancellation_requested" });
    return;
  }
  const afterTrial = subscription.status === "trialing" && (subscription.trial_end ?? 0) <= tx.nowSeconds;
  if (afterTrial && chargedMethod(tx, subscription) === null && !goesOnUnpaid(tx, subscription)) return;
  const rolled = rollItems(tx, tx.need("subscription", id), afterTrial);
  const due = rolled.items.data.filter((item) => item.current_period_start === tx.nowSeconds);
  const lines = linesOf(tx, due.map(fullPiece), waitingItems(tx, id), lineContext(tx, rolled));
  recordDebits(tx, debitsOf(lines.filter((line) => line.parent?.subscription_item_details?.invoice_item === null)));
  const advances = rolled.status !== "unpaid" && rolled.pause_collection === null;
  const invoice = draftInvoice(tx, {
    subscription: rolled,
    lines,
    reason: "subscription_cycle",
    periodStart: Math.min(...subscription.items.data.map((item) => item.current_period_start)),
    periodEnd: tx.nowSeconds,
    autoAdvance: advances,
    finalizesAt: rolled.status === "unpaid" ? null : tx.nowSeconds + tx.meta().settings.draftSeconds,
  });
  saveSubscription(tx, { ...rolled, latest_invoice: invoice.id });
  endSpentDiscounts(tx, rolled);
}

/** What `missing_payment_method` says, at the end of a trial without one; true: an invoice is made all the same. */
function goesOnUnpaid(tx: Tx, subscription: Subscription): boolean {
  const behaviour = subscription.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice";
  if (behaviour === "create_invoice") return true;
  if (behaviour === "cancel") endSubscription(tx, subscription.id, { reason: "cancellation_requested" });
  else {
    const paused = saveSubscription(tx, {
      ...subscription,
      status: "paused",
      status_details: {
        paused: {
          subscription: { type: "trial_end_without_payment_method" },
          transitioned_at: tx.nowSeconds,
          type: "subscription",
        },
      },
    });
    tx.emit("customer.subscription.paused", paused);
  }
  return false;
}

function rollItems(tx: Tx, subscription: Subscription, afterTrial: boolean): Subscription {
  const anchor = subscription.billing_cycle_anchor;
  const data = subscription.items.data.map((item) => {
    if (item.current_period_end > tx.nowSeconds) return item;
    const { start, end } = spanOf(item.price, anchor, tx.nowSeconds);
    return { ...item, current_period_start: start, current_period_end: end };
  });
  const taxed = subscription.automatic_tax.enabled;
  const lost = taxed && !canTax(tx.need("customer", subscription.customer));
  return {
    ...subscription,
    items: { ...subscription.items, data },
    status: afterTrial ? "active" : subscription.status,
    automatic_tax: { ...subscription.automatic_tax, disabled_reason: lost ? "requires_location_inputs" : null },
    cancel_at: subscription.cancel_at_period_end
      ? Math.max(...data.map((item) => item.current_period_end))
      : subscription.cancel_at,
  };
}

/** The draft of a period is old enough: it is charged, or kept from being charged while collection is paused. */
export function advanceDraft(tx: Tx, id: string): void {
  const draft = tx.need("invoice", id);
  const subscription = tx.need("subscription", draft.parent.subscription_details.subscription);
  const paused = subscription.pause_collection?.behavior;
  if (paused === "keep_as_draft" || subscription.status === "canceled") {
    tx.put("invoice", { ...draft, automatically_finalizes_at: null, next_payment_attempt: null, auto_advance: false });
    return;
  }
  finalizeInvoice(tx, id);
  if (paused === "void") voidInvoice(tx, id);
  else if (paused === "mark_uncollectible") markUncollectible(tx, id);
  else collectOpen(tx, id);
}

import { composeInvoice } from "./invoice-form.ts";
import { periodEndOf } from "./cycle.ts";
import { planItemChange } from "./item-change.ts";
import { fullPiece, linesOf, type Piece, toInvoiceItem } from "./lines.ts";
import { changedSubscription } from "./pending-change.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { ProrationBehavior } from "./subscription-create.ts";
import { isEnded, lineContext, spanOf, waitingItems } from "./subscriptions.ts";
import { createDiscounts, type DiscountOrder } from "./coupons.ts";
import type { ItemChangeOrder } from "./item-change.ts";
import type { Invoice, Subscription } from "./types.ts";

export interface PreviewOrder {
  readonly customer?: string | undefined;
  readonly subscription?: string | undefined;
  readonly subscription_details?:
    | {
        readonly items: readonly ItemChangeOrder[];
        readonly proration_behavior: ProrationBehavior;
        readonly proration_date?: number | undefined;
        readonly billing_cycle_anchor?: { readonly type: "now" | "unchanged" } | undefined;
        readonly trial_end?: "now" | number | undefined;
      }
    | undefined;
  readonly discounts?: readonly DiscountOrder[] | null | undefined;
  readonly preview_mode: "next" | "recurring";
}

/**
 * What a change would be billed: the same lines that the change itself makes, in a transaction that ends with them.
 * `always_invoice` shows the invoice of the change alone; otherwise the next one, with the prorations on it.
 */
export function previewInvoice(tx: Tx, order: PreviewOrder): Invoice {
  if (order.subscription === undefined)
    throw invalid("This twin previews changes of a subscription alone.", "subscription", "parameter_missing");
  const stored = tx.need("subscription", order.subscription, "subscription");
  if (isEnded(stored)) throw invalid("No upcoming invoices for customer.", "subscription", "invoice_upcoming_none");
  const subscription = withDiscounts(tx, stored, order.discounts);
  const details = order.subscription_details;
  const context = lineContext(tx, subscription);
  const change = planItemChange(
    tx,
    subscription,
    {
      items: details?.items ?? [],
      prorationBehavior: details?.proration_behavior ?? "create_prorations",
      prorationDate: details?.proration_date ?? null,
      anchorNow: details?.billing_cycle_anchor?.type === "now",
      trialEnd: details?.trial_end ?? null,
    },
    context,
  );
  const changed = { ...subscription, ...changedSubscription(subscription, change) };
  const alone = change.periodStarts || (details?.proration_behavior === "always_invoice" && change.pieces.length > 0);
  const waiting = order.preview_mode === "recurring" ? [] : waitingItems(tx, subscription.id);
  const at = alone ? tx.nowSeconds : periodEndOf(changed);
  const pieces = alone ? change.pieces : nextPeriod(changed, at);
  const prorations = alone || order.preview_mode === "recurring" ? [] : change.pieces;
  const items = prorations.map((piece) => toInvoiceItem(tx, piece, subscription.customer, context));
  const lines = linesOf(tx, pieces, [...waiting, ...items], context);
  return composeInvoice(
    tx,
    {
      subscription: changed,
      lines,
      reason: "upcoming",
      periodStart: alone ? tx.nowSeconds : Math.min(...changed.items.data.map((item) => item.current_period_start)),
      periodEnd: at,
      autoAdvance: true,
      finalizesAt: null,
      prorationDate: details?.proration_date ?? tx.nowSeconds,
    },
    tx.newId("upcoming_in"),
  );
}

const nextPeriod = (subscription: Subscription, at: number): Piece[] =>
  subscription.items.data
    .filter((item) => item.current_period_end === at)
    .map((item) => {
      const { start, end } = spanOf(item.price, subscription.billing_cycle_anchor, at);
      return fullPiece({ ...item, current_period_start: start, current_period_end: end });
    });

function withDiscounts(tx: Tx, subscription: Subscription, orders: PreviewOrder["discounts"]): Subscription {
  if (orders === undefined) return subscription;
  const owner = { customer: subscription.customer, subscription: subscription.id };
  return { ...subscription, discounts: createDiscounts(tx, orders ?? [], owner) };
}

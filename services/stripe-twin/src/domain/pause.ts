import { collectDraft } from "./collect.ts";
import { draftInvoice } from "./invoices.ts";
import { fullPiece, linesOf } from "./lines.ts";
import { recordDebits } from "./pending-change.ts";
import { debitsOf } from "./proration.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { lineContext, saveSubscription, spanOf } from "./subscriptions.ts";
import type { Subscription } from "./types.ts";

export function pauseSubscription(tx: Tx, id: string): Subscription {
  const subscription = tx.need("subscription", id);
  if (subscription.schedule !== null) throw invalid("A subscription that a schedule manages cannot be paused.");
  if (subscription.status !== "active" && subscription.status !== "trialing")
    throw invalid(`A subscription in the \`${subscription.status}\` status cannot be paused.`);
  const paused = saveSubscription(tx, {
    ...subscription,
    status: "paused",
    status_details: {
      paused: { subscription: { type: "pause_requested" }, transitioned_at: tx.nowSeconds, type: "subscription" },
    },
  });
  tx.emit("customer.subscription.paused", paused);
  return paused;
}

/** `now` begins and bills a new period; `unchanged` goes on in the one that is under way. */
export function resumeSubscription(tx: Tx, id: string, anchor: "now" | "unchanged"): Subscription {
  const { status_details: _, ...paused } = tx.need("subscription", id);
  if (paused.status !== "paused") throw invalid("Only paused subscriptions can be resumed.");
  const anchorSeconds = anchor === "now" ? tx.nowSeconds : paused.billing_cycle_anchor;
  const data = paused.items.data.map((item) => {
    const { start, end } = spanOf(item.price, anchorSeconds, tx.nowSeconds);
    return { ...item, current_period_start: start, current_period_end: end };
  });
  const resumed = saveSubscription(tx, {
    ...paused,
    status: "active",
    billing_cycle_anchor: anchorSeconds,
    items: { ...paused.items, data },
  });
  tx.emit("customer.subscription.resumed", resumed);
  if (anchor === "now") bill(tx, resumed);
  return tx.need("subscription", id);
}

function bill(tx: Tx, subscription: Subscription): void {
  const lines = linesOf(tx, subscription.items.data.map(fullPiece), [], lineContext(tx, subscription));
  recordDebits(tx, debitsOf(lines));
  const invoice = draftInvoice(tx, {
    subscription,
    lines,
    reason: "subscription_cycle",
    periodStart: tx.nowSeconds,
    periodEnd: tx.nowSeconds,
    autoAdvance: true,
    finalizesAt: null,
  });
  saveSubscription(tx, { ...subscription, latest_invoice: invoice.id });
  collectDraft(tx, invoice.id);
}

import { collectDraft } from "./collect.ts";
import { draftInvoice } from "./invoices.ts";
import { linesOf } from "./lines.ts";
import { creditPiece } from "./proration.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { endSubscription } from "./subscription-end.ts";
import { isEnded, lineContext, waitingItems } from "./subscriptions.ts";
import type { Subscription } from "./types.ts";

export interface CancelOptions {
  readonly invoice_now: boolean;
  readonly prorate: boolean;
  readonly cancellation_details?:
    | { readonly comment?: string | null | undefined; readonly feedback?: string | null | undefined }
    | undefined;
}

/** Ends it now; `prorate` gives the unused time back with a last invoice, or on the customer's balance. */
export function cancelSubscription(tx: Tx, id: string, options: CancelOptions): Subscription {
  const subscription = tx.need("subscription", id);
  if (isEnded(subscription)) throw invalid(`No such subscription: '${id}'`, "id", "resource_missing");
  const context = lineContext(tx, subscription);
  const pieces = options.prorate
    ? subscription.items.data.flatMap((item) => creditPiece(tx, subscription, item, tx.nowSeconds, context) ?? [])
    : [];
  const waiting = options.invoice_now ? waitingItems(tx, id) : [];
  if (pieces.length > 0 || waiting.length > 0) {
    const invoice = draftInvoice(tx, {
      subscription,
      lines: linesOf(tx, pieces, waiting, context),
      reason: "subscription_update",
      periodStart: tx.nowSeconds,
      periodEnd: tx.nowSeconds,
      autoAdvance: true,
      finalizesAt: null,
    });
    tx.put("subscription", { ...tx.need("subscription", id), latest_invoice: invoice.id });
    collectDraft(tx, invoice.id);
  }
  return endSubscription(tx, id, {
    reason: "cancellation_requested",
    comment: options.cancellation_details?.comment ?? undefined,
    feedback: options.cancellation_details?.feedback ?? undefined,
  });
}

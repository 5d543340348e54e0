import { voidInvoice } from "./invoices.ts";
import { saveSubscription } from "./subscriptions.ts";
import type { Tx } from "./state.ts";
import type { Debit, PendingChange } from "./records.ts";
import type { Subscription } from "./types.ts";

export const pendingUpdateSeconds = 23 * 3600;

export function recordDebits(tx: Tx, debits: readonly Debit[], removed: readonly string[] = []): void {
  for (const id of removed) tx.remove("debit", id);
  for (const debit of debits) tx.put("debit", debit);
}

/** The subscription after a change of its items; the caller saves it. */
export function changedSubscription(
  subscription: Subscription,
  change: Pick<PendingChange, "items" | "billingCycleAnchor" | "trialEnd">,
): Subscription {
  return {
    ...subscription,
    items: { ...subscription.items, data: [...change.items] },
    ...(change.billingCycleAnchor === null ? {} : { billing_cycle_anchor: change.billingCycleAnchor }),
    ...(change.trialEnd === null ? {} : { trial_end: change.trialEnd }),
  };
}

/** The change that this invoice was for happens now that it is paid. */
export function applyPendingChange(tx: Tx, invoice: string): void {
  const change = tx.find("pending_change", invoice);
  if (change === undefined) return;
  tx.remove("pending_change", invoice);
  recordDebits(tx, change.debits, change.removedItems);
  const subscription = tx.need("subscription", change.subscription);
  const next = saveSubscription(tx, { ...changedSubscription(subscription, change), pending_update: null });
  tx.emit("customer.subscription.pending_update_applied", next);
}

/** Nobody paid in time, or the subscription is changed in another way. */
export function dropPendingChange(tx: Tx, change: PendingChange): void {
  tx.remove("pending_change", change.id);
  if (tx.find("invoice", change.id)?.status === "open") voidInvoice(tx, change.id);
  const subscription = tx.need("subscription", change.subscription);
  if (subscription.pending_update === null) return;
  const next = saveSubscription(tx, { ...subscription, pending_update: null });
  tx.emit("customer.subscription.pending_update_expired", next);
}

export const pendingChangeOf = (tx: Tx, subscription: string): PendingChange | undefined =>
  tx.all("pending_change").find((one) => one.subscription === subscription);

import { dropPendingChange, pendingChangeOf } from "./pending-change.ts";
import { waitingItems } from "./subscriptions.ts";
import type { Tx } from "./state.ts";
import type { Subscription } from "./types.ts";

export interface EndOptions {
  readonly reason: "cancellation_requested" | "payment_failed";
  readonly comment?: string | undefined;
  readonly feedback?: string | undefined;
}

/** Ends a subscription at once. What it still has to bill is the caller's to invoice first. */
export function endSubscription(tx: Tx, id: string, options: EndOptions): Subscription {
  const pending = pendingChangeOf(tx, id);
  if (pending !== undefined) dropPendingChange(tx, pending);
  for (const item of waitingItems(tx, id)) tx.remove("invoiceitem", item.id);
  const before = tx.need("subscription", id);
  for (const invoice of tx.all("invoice")) {
    const ofIt = invoice.parent.subscription_details.subscription === id;
    if (ofIt && (invoice.status === "open" || invoice.status === "draft"))
      tx.put("invoice", { ...invoice, auto_advance: false, next_payment_attempt: null });
  }
  endSchedule(tx, before);
  const ended: Subscription = {
    ...before,
    status: "canceled",
    schedule: null,
    canceled_at: before.canceled_at ?? tx.nowSeconds,
    ended_at: tx.nowSeconds,
    pending_update: null,
    cancellation_details: {
      comment: options.comment ?? before.cancellation_details?.comment ?? null,
      feedback: (options.feedback ?? before.cancellation_details?.feedback ?? null) as never,
      feedback_option: null,
      reason: before.cancellation_details?.reason ?? options.reason,
    },
  };
  tx.put("subscription", ended);
  tx.emit("customer.subscription.deleted", ended);
  return ended;
}

function endSchedule(tx: Tx, { schedule }: Subscription): void {
  const found = schedule === null ? undefined : tx.find("subscription_schedule", schedule);
  if (found === undefined || (found.status !== "active" && found.status !== "not_started")) return;
  const ended = { ...found, status: "canceled", canceled_at: tx.nowSeconds, current_phase: null } as const;
  tx.put("subscription_schedule", ended);
  tx.emit("subscription_schedule.canceled", ended);
}

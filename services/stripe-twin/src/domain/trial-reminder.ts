import type { Tx } from "./state.ts";
import type { Subscription } from "./types.ts";

const reminderSeconds = 3 * 86_400;

/** The end of a trial is announced three days before, or at once when it is shorter. */
export function remindOfTrial(tx: Tx, { id, status, trial_end }: Subscription): void {
  if (status !== "trialing" || trial_end === null) tx.remove("reminder", id);
  else tx.put("reminder", { id, dueSeconds: Math.max(tx.nowSeconds, trial_end - reminderSeconds) });
}

export function announceTrialEnd(tx: Tx, id: string): void {
  tx.remove("reminder", id);
  const subscription = tx.find("subscription", id);
  if (subscription?.status === "trialing") tx.emit("customer.subscription.trial_will_end", subscription);
}

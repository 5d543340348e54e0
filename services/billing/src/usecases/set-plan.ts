import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { toSubscriptionUpdated } from "../domain/subscription-announcement.ts";
import { judgePlan, type Subscription, type WantedPlan } from "../domain/subscription.ts";
import { findSubscription, putSubscription } from "../store/subscriptions.ts";

export interface SetPlanDeps {
  readonly db: Database;
  readonly nowMs: () => number;
  readonly regulatedLineup: boolean;
}

export type SetPlanResult =
  | { readonly outcome: "changed" | "unchanged"; readonly subscription: Subscription }
  | { readonly outcome: "refused"; readonly reason: string };

/**
 * An operator gives an owner a plan. The subscription and its event are one transaction: there is never one without
 * the other. Setting a plan that is set already publishes nothing.
 */
export async function setPlan(deps: SetPlanDeps, input: WantedPlan): Promise<SetPlanResult> {
  const verdict = judgePlan(input, deps);
  if (!verdict.ok) return { outcome: "refused", reason: verdict.reason };
  return inTransaction(deps.db, async (trx) => {
    const changed = await putSubscription(
      trx,
      { ...verdict.wanted, status: "active" },
      "operator",
      new Date(deps.nowMs()),
    );
    if (changed !== null) {
      await appendOutbox(trx, subscriptionUpdated, toSubscriptionUpdated(changed));
      return { outcome: "changed", subscription: changed };
    }
    const subscription = await findSubscription(trx, verdict.wanted.owner);
    if (subscription === null) throw new Error("an unchanged subscription is gone");
    return { outcome: "unchanged", subscription };
  });
}

import type { MoneyOperation, OperationResult } from "../../domain/money-operation.ts";
import { isLive } from "../../domain/stripe-subscription.ts";
import { expireSession } from "../../clients/stripe/checkout-sessions.ts";
import { readCustomer } from "../../clients/stripe/customers.ts";
import { endSubscription } from "../../clients/stripe/subscriptions.ts";
import { findCustomer } from "../../store/customers.ts";
import { recentCheckouts } from "../../store/money-operations.ts";
import { sessionLifeMs } from "./checkout.ts";
import type { OperationDeps } from "./operation-deps.ts";

/** Ends at once all that could still cost its owner something: the owner is gone for good. Each thing is looked at first, so a replay ends nothing twice. */
export async function performClose({ db, stripe }: OperationDeps, operation: MoneyOperation): Promise<OperationResult> {
  const { owner, createdAt } = operation;
  const customer = await findCustomer(db, owner);
  if (customer === null || customer.stripeCustomerId === null) return {};
  // First: one that is paid meanwhile is seen by the look that follows.
  for (const { result } of await recentCheckouts(db, owner, new Date(createdAt.getTime() - sessionLifeMs))) {
    if (result?.sessionId !== undefined) await expireSession(stripe, result.sessionId);
  }
  const { subscriptions } = await readCustomer(stripe, customer.stripeCustomerId);
  for (const subscription of subscriptions) {
    if (isLive(subscription)) await endSubscription(stripe, subscription.id);
  }
  return {};
}

import type { SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import type { Subscription } from "./subscription.ts";

/** What other services are told about a subscription. */
export const toSubscriptionUpdated = (subscription: Subscription): SubscriptionUpdated => ({
  owner: subscription.owner,
  version: subscription.version,
  plan: subscription.plan,
  interval: subscription.interval,
  seats: subscription.seats,
  status: subscription.status,
  changedAt: subscription.changedAt.toISOString(),
});

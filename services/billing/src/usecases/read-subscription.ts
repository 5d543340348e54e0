import type { Database } from "@topdog/postgres/pool";
import type { StripeState } from "../domain/stripe-state.ts";
import { freeSubscription, type Subscription, type UnsetSubscription } from "../domain/subscription.ts";
import { findOrgSeats } from "../store/org-seats.ts";
import { findStripeState } from "../store/stripe-states.ts";
import { findSubscription } from "../store/subscriptions.ts";

export interface SubscriptionView {
  readonly subscription: Subscription | UnsetSubscription;
  /** Seats taken; null for a user, who has none to give. */
  readonly activeMembers: number | null;
  /** What is known from Stripe; null for who never had a subscription there. */
  readonly stripe: StripeState | null;
}

/** What is in force for an owner, from our own tables: it needs no Stripe. */
export async function readSubscription(db: Database, owner: string): Promise<SubscriptionView> {
  const [subscription, stripe] = await Promise.all([findSubscription(db, owner), findStripeState(db, owner)]);
  const orgId = owner.startsWith("org:") ? owner.slice("org:".length) : null;
  const activeMembers = orgId === null ? null : ((await findOrgSeats(db, orgId))?.activeMembers ?? 0);
  return {
    subscription: subscription ?? freeSubscription(owner),
    activeMembers,
    stripe: stripe?.subscriptionId == null ? null : stripe,
  };
}

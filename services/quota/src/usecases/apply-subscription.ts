import type { SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import type { Transaction } from "@topdog/postgres/pool";
import { changeLimits, type Counter, upsertEntitlement } from "../store/buckets.ts";

/**
 * Gives an owner's plan to all their buckets of today, seats and pool included. A raise counts at once; after a lowering nothing
 * is granted until enough came back. Returns the buckets whose holders must hear of it once this is committed.
 */
export async function applySubscription(trx: Transaction, subscription: SubscriptionUpdated): Promise<Counter[]> {
  const isNewer = await upsertEntitlement(trx, subscription);
  return isNewer ? changeLimits(trx, subscription) : [];
}

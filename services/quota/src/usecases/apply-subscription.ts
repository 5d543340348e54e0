import type { SubscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import type { Counter } from "../domain/bucket.ts";
import { changedBuckets } from "../domain/planned-bucket.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";

/**
 * Gives an owner's plan to all their buckets from today on, seats and pool included. A raise counts at once; after a lowering nothing
 * is granted until enough came back. Returns the buckets whose holders must hear of it once this is committed.
 */
export async function applySubscription(tx: QuotaTransaction, subscription: SubscriptionUpdated): Promise<Counter[]> {
  const isNewer = await tx.upsertEntitlement(subscription);
  if (!isNewer) return [];
  const changed = changedBuckets(await tx.lockSubscribedBuckets(subscription.owner), subscription);
  await tx.changeLimits(changed);
  return changed.map(({ owner, meter }) => ({ owner, meter }));
}

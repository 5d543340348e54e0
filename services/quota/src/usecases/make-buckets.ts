import { subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Counter } from "../domain/bucket.ts";
import { plannedBucket } from "../domain/planned-bucket.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";

/**
 * Makes those of today's buckets that are not there yet, from their owners' plans. Call it in a transaction that has locked no bucket yet: entitlements are
 * locked before buckets everywhere, and buckets are made before any is locked, so that there are no deadlocks.
 */
export async function makeMissingBuckets(tx: QuotaTransaction, of: readonly Counter[]): Promise<void> {
  const counters = of.length === 0 ? [] : await tx.findMissingBuckets(of);
  if (counters.length === 0) return;
  const entitlements = await tx.lockEntitlements(counters.map(({ owner }) => subscriptionOwnerOf(owner)));
  await tx.insertBuckets(counters.map((counter) => plannedBucket(counter, entitlements)));
}

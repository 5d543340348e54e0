import { isPlanMeter, subscriptionOwnerOf } from "@topdog/contracts/quota";
import { counterKey, keyOf } from "../domain/bucket.ts";
import { type AskedCounter, cappedBucket, type PlannedBucket, plannedBucket } from "../domain/planned-bucket.ts";
import { isServedDay } from "../domain/utc-day.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";

/**
 * Makes those of these buckets that are not there yet and are of a day that is served, from their owners' plans, or from the ceilings that gateways know. Call it in a transaction that has locked no bucket yet: entitlements are
 * locked before buckets everywhere, and buckets are made before any is locked, so that there are no deadlocks.
 */
export async function makeMissingBuckets(tx: QuotaTransaction, of: readonly AskedCounter[]): Promise<void> {
  if (of.length === 0) return;
  const missing = (await tx.findMissingBuckets(of)).filter((bucket) => isServedDay(bucket.day, bucket));
  if (missing.length === 0) return;
  const ceilings = new Map(of.map((counter) => [counterKey(counter), counter.ceiling]));
  const counters = [...new Map(missing.map((bucket) => [keyOf(bucket), bucket])).values()];
  const subscribers = counters.filter(({ meter }) => isPlanMeter(meter)).map(({ owner }) => subscriptionOwnerOf(owner));
  const entitlements = subscribers.length === 0 ? [] : await tx.lockEntitlements(subscribers);
  await tx.insertBuckets(
    counters.map(({ owner, meter, day }): PlannedBucket & { readonly day: string } => {
      if (isPlanMeter(meter)) return { ...plannedBucket({ owner, meter }, entitlements), day };
      const ceiling = ceilings.get(counterKey({ owner, meter }));
      if (ceiling === undefined) throw new Error("a ceiling's bucket was asked about without its limit");
      return { ...cappedBucket({ owner, meter }, ceiling), day };
    }),
  );
}

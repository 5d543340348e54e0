import { type PlanId, plans } from "@topdog/contracts/plans";
import { dailyLimit, subscriptionOwnerOf } from "@topdog/contracts/quota";
import type { Bucket, Counter } from "./bucket.ts";

/** The part of an owner's subscription that limits follow from. */
export interface Entitlement {
  readonly owner: string;
  readonly plan: PlanId;
  readonly seats: number;
}

/** A bucket as it is made, before anything is taken from it. */
export type PlannedBucket = Counter &
  Pick<Bucket, "plan" | "limit"> & {
    /** Whose subscription sets the limit. */
    readonly subscriptionOwner: string;
  };

/** The bucket of a counter by its owner's entitlement; an owner without one is on the free plan. */
export function plannedBucket({ owner, meter }: Counter, entitlements: readonly Entitlement[]): PlannedBucket {
  const subscriptionOwner = subscriptionOwnerOf(owner);
  const { plan, seats } = entitlements.find((one) => one.owner === subscriptionOwner) ?? { plan: "free", seats: 1 };
  return { owner, meter, subscriptionOwner, plan, limit: dailyLimit(owner, meter, plans[plan], seats) };
}

/** The buckets whose plan or limit is no longer what their owner's entitlement says. */
export function changedBuckets(buckets: readonly Bucket[], entitlement: Entitlement): Bucket[] {
  return buckets.flatMap((bucket) => {
    const { plan, limit } = plannedBucket(bucket, [entitlement]);
    return plan === bucket.plan && limit === bucket.limit ? [] : { ...bucket, plan, limit };
  });
}

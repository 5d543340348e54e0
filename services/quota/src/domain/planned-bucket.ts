import { type PlanId, plans } from "@topdog/contracts/plans";
import {
  type CeilingLimit,
  dailyLimit,
  isPlanMeter,
  type PlanMeter,
  subscriptionOwnerOf,
} from "@topdog/contracts/quota";
import { type Bucket, type Counter, counterKey } from "./bucket.ts";

/** The part of an owner's subscription that limits follow from. */
export interface Entitlement {
  readonly owner: string;
  readonly plan: PlanId;
  readonly seats: number;
}

/** A bucket as it is made, before anything is taken from it. */
export type PlannedBucket = Counter &
  Pick<Bucket, "plan" | "limit" | "ceilingVersion"> & {
    /** Whose subscription sets the limit; null for a ceiling's bucket. */
    readonly subscriptionOwner: string | null;
  };

type SubscribedBucket = PlannedBucket & { readonly plan: PlanId };

interface PlanCounter extends Counter {
  readonly meter: PlanMeter;
}

/** A bucket that a gateway asks about, with its limit if that is a ceiling. */
export interface AskedCounter extends Counter {
  readonly ceiling?: CeilingLimit | undefined;
  /** Absent: today. */
  readonly forDay?: string | undefined;
}

/** The bucket of a counter by its owner's entitlement; an owner without one is on the free plan. */
export function plannedBucket({ owner, meter }: PlanCounter, entitlements: readonly Entitlement[]): SubscribedBucket {
  const subscriptionOwner = subscriptionOwnerOf(owner);
  const { plan, seats } = entitlements.find((one) => one.owner === subscriptionOwner) ?? { plan: "free", seats: 1 };
  const limit = dailyLimit(owner, meter, plans[plan], seats);
  return { owner, meter, subscriptionOwner, plan, ceilingVersion: null, limit };
}

export const cappedBucket = ({ owner, meter }: Counter, { limit, version }: CeilingLimit): PlannedBucket => ({
  owner,
  meter,
  subscriptionOwner: null,
  plan: null,
  ceilingVersion: version,
  limit,
});

/** Buckets from today on whose ceiling is newer in what is asked than as it is known here, with the newer one. */
export function raisedOrLowered(buckets: readonly Bucket[], asked: readonly AskedCounter[], today: string): Bucket[] {
  const capped = asked.filter(({ ceiling }) => ceiling !== undefined);
  if (capped.length === 0) return [];
  const byCounter = new Map(capped.map((counter) => [counterKey(counter), counter.ceiling]));
  return buckets.flatMap((bucket) => {
    const ceiling = bucket.day < today ? undefined : byCounter.get(counterKey(bucket));
    if (ceiling === undefined || ceiling.version <= (bucket.ceilingVersion ?? 0)) return [];
    return { ...bucket, limit: ceiling.limit, ceilingVersion: ceiling.version, toldExhausted: false };
  });
}

/** The buckets whose plan or limit is no longer what their owner's entitlement says. */
export function changedBuckets(buckets: readonly Bucket[], entitlement: Entitlement): Bucket[] {
  return buckets.flatMap((bucket) => {
    const { owner, meter } = bucket;
    if (!isPlanMeter(meter)) return [];
    const { plan, limit } = plannedBucket({ owner, meter }, [entitlement]);
    return plan === bucket.plan && limit === bucket.limit ? [] : { ...bucket, plan, limit };
  });
}

import type { PlanId } from "@topdog/contracts/plans";
import type { Meter } from "@topdog/contracts/quota";

export interface BucketKey {
  readonly owner: string;
  readonly meter: Meter;
  readonly day: string;
}

/** A bucket of any day. */
export type Counter = Pick<BucketKey, "owner" | "meter">;

export interface Bucket extends BucketKey {
  readonly plan: PlanId;
  readonly limit: number;
  readonly settled: number;
  readonly escrow: number;
  readonly toldExhausted: boolean;
  readonly exhaustedPublished: boolean;
}

export const keyOf = ({ owner, meter, day }: BucketKey): string => `${day} ${owner} ${meter}`;

export const counterKey = ({ owner, meter }: Counter): string => `${owner} ${meter}`;

/** Never negative: after a limit was lowered more may be settled or in escrow than the bucket now has. */
export const freeTokens = (bucket: Bucket): number => Math.max(0, bucket.limit - bucket.settled - bucket.escrow);

export interface BucketDelta {
  readonly settled: number;
  readonly escrow: number;
  /** Some gateway is being told that nothing is left. */
  readonly tellsExhausted: boolean;
}

export interface BucketMove {
  readonly bucket: Bucket;
  /** The last token of the day was just settled: published once per bucket and day. */
  readonly spent: boolean;
  /** Gateways believe that nothing is left, and that is no longer so. */
  readonly freed: boolean;
}

/** A bucket after tokens moved: the only place where its counters change. */
export function moveTokens(bucket: Bucket, delta: BucketDelta): BucketMove {
  const moved = { ...bucket, settled: bucket.settled + delta.settled, escrow: bucket.escrow + delta.escrow };
  const spent = !bucket.exhaustedPublished && moved.limit > 0 && moved.settled >= moved.limit;
  const free = freeTokens(moved) > 0;
  return {
    bucket: {
      ...moved,
      exhaustedPublished: bucket.exhaustedPublished || spent,
      toldExhausted: !free && (bucket.toldExhausted || delta.tellsExhausted),
    },
    spent,
    freed: bucket.toldExhausted && free,
  };
}

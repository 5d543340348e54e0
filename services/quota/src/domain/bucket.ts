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
  /** Null for a ceiling's. */
  readonly plan: PlanId | null;
  /** Of the limit of a ceiling's bucket; null for a plan's. */
  readonly ceilingVersion: number | null;
  readonly limit: number;
  readonly settled: number;
  /** Tokens that were given back after their calls. */
  readonly refunded: number;
  readonly escrow: number;
  readonly toldExhausted: boolean;
  readonly exhaustedPublished: boolean;
}

export const keyOf = ({ owner, meter, day }: BucketKey): string => `${day} ${owner} ${meter}`;

export const counterKey = ({ owner, meter }: Counter): string => `${owner} ${meter}`;

/** Never negative: after a limit was lowered more may be settled or in escrow than the bucket now has. */
export const freeTokens = ({ limit, settled, escrow }: Pick<Bucket, "limit" | "settled" | "escrow">): number =>
  Math.max(0, limit - settled - escrow);

/** Tokens that may still be given back: a day gives back as many as it has. */
export const refundsLeft = ({ limit, refunded }: Pick<Bucket, "limit" | "refunded">): number =>
  Math.max(0, limit - refunded);

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

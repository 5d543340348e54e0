import type { PlanMeter } from "@topdog/contracts/quota";
import type { Bucket } from "./bucket.ts";

/** What is used of a bucket of a plan after a commit. */
export type UsedBucket = Pick<Bucket, "owner" | "day" | "limit" | "settled"> & { readonly meter: PlanMeter };

/** Tells pages what is used, after a commit. May be lost. */
export interface UsageNews {
  readonly used: (bucket: UsedBucket) => void;
  /** A call of this bucket's owner was completed. */
  readonly completed: (owner: string, day: string) => void;
}

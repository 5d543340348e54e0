import type { Bucket } from "./bucket.ts";

/** Tells pages what is used, after a commit. May be lost. */
export interface UsageNews {
  readonly used: (bucket: Pick<Bucket, "owner" | "meter" | "day" | "limit" | "settled">) => void;
  /** A call of this bucket's owner was completed. */
  readonly completed: (owner: string, day: string) => void;
}

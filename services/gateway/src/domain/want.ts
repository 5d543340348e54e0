import { freeTokens, remainingOf, type HeldLease } from "./lease.ts";
import { wantedTokens, type TakeRate } from "./take-rate.ts";

/** How a bucket is used on this gateway; times are of this process's monotonic clock. */
export interface BucketUse {
  readonly lease: HeldLease;
  readonly rate: TakeRate;
  readonly lastUseMs: number;
  /** Until then nothing is asked for ahead of demand: another gateway needs the tail. */
  readonly recalledUntilMs: number;
}

/** Unused for so long, a lease goes back; until then another gateway that needs its tokens recalls them. */
export const idleCloseMs = 300_000;

/** Who has not called for so long gets no tokens ahead of the next call. */
const demandEndsMs = 5_000;

/** Half of the last grant is gone, the bucket has more, and the demand goes on: time to refill, before anyone waits. */
export function isLow({ lease, lastUseMs, recalledUntilMs }: BucketUse, today: string, nowMs: number): boolean {
  if (lease.leaseId === null || lease.status === "exhausted") return false;
  if (nowMs < recalledUntilMs || nowMs - lastUseMs >= demandEndsMs) return false;
  const free = freeTokens(lease);
  return free * 2 <= lease.lastGrant && remainingOf(lease, today) > free;
}

/** How many tokens a report asks for, while `waiting` calls wait at the bucket. */
export function wantOf(use: BucketUse, waiting: number, today: string, nowMs: number): number {
  const { lease } = use;
  if (lease.closing) return 0;
  const free = Math.max(0, freeTokens(lease));
  const isFirst = lease.leaseId === null && lease.status !== "exhausted";
  if (waiting > 0 || isFirst || isLow(use, today, nowMs)) {
    return Math.max(0, wantedTokens(use.rate, nowMs, waiting) - free);
  }
  // Asking for one is how an exhausted bucket is found to have tokens again.
  return lease.status === "exhausted" && free === 0 ? 1 : 0;
}

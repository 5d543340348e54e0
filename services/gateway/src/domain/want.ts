import { freeTokens, remainingOf, type HeldLease } from "./lease.ts";
import { recentTakes, type TakeRate } from "./take-rate.ts";

/** How a bucket is used on this gateway; times are of this process's monotonic clock. */
export interface BucketUse {
  readonly lease: HeldLease;
  readonly rate: TakeRate;
  readonly lastUseMs: number;
  /** Until then no tokens are asked for before calls need them: another gateway needs the last ones. */
  readonly recalledUntilMs: number;
  /** Of a lease of the next day: that day. */
  readonly forDay: string | null;
}

/** What a lease that is unused for this long holds is given back; before that, a gateway that needs its tokens has them recalled. */
export const idleGiveBackMs = 300_000;
/** Then it ends. Until then its next call grows it: a caller with a call now and then has a few leases a day, not one for each call. */
export const idleCloseMs = 21_600_000;

/** A caller without a call for this long gets no tokens before the next one. */
const demandEndsMs = 5_000;

/** A lease of the next day holds so many times what another one does: all of them begin at once, and their refills need not. */
const aheadTimes = 4;

/** Tokens that one lease is filled up to. */
const maxHeld = 10_000;

/** Until a report that waits for others is answered, with room for a slow answer. */
const gatheredReportMs = 400;

/** The bucket has more, and the demand goes on. */
function mayRefill({ lease, lastUseMs, recalledUntilMs }: BucketUse, today: string, nowMs: number): boolean {
  if (lease.leaseId === null || lease.status === "exhausted") return false;
  if (nowMs < recalledUntilMs || nowMs - lastUseMs >= demandEndsMs) return false;
  return remainingOf(lease, today) > freeTokens(lease);
}

/**
 * Whether a report must leave at once, so that nobody waits: half of the window or of the last grant is used, and at the pace of
 * late the other half would be used before a report that waits for others is answered.
 */
export function isUrgent(use: BucketUse, today: string, nowMs: number): boolean {
  const { lease } = use;
  const expectedTakes = Math.floor((recentTakes(use.rate, nowMs) * gatheredReportMs) / 1_000);
  const windowLeft = lease.window - (lease.used - lease.reported);
  if (windowLeft * 2 <= lease.window && windowLeft <= expectedTakes) return true;
  const free = freeTokens(lease);
  return free * 2 <= lease.lastGrant && free <= expectedTakes && mayRefill(use, today, nowMs);
}

/**
 * How many tokens a report asks for, while `waiting` calls wait at the bucket. Each report brings the lease back to what it should
 * hold: a grant costs little beside a report, and much without one.
 */
export function wantOf(use: BucketUse, waiting: number, today: string, nowMs: number): number {
  const { lease } = use;
  if (lease.closing) return 0;
  const free = Math.max(0, freeTokens(lease));
  const isFirst = lease.leaseId === null && lease.status !== "exhausted";
  if (waiting > 0 || isFirst || mayRefill(use, today, nowMs)) {
    const filledUpTo = (recentTakes(use.rate, nowMs) + waiting + 1) * (use.forDay === null ? 1 : aheadTimes);
    return Math.max(0, Math.min(maxHeld, filledUpTo) - free);
  }
  // A request for one token finds out whether an exhausted bucket has tokens again.
  return lease.status === "exhausted" && free === 0 ? 1 : 0;
}

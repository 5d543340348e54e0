import { wantedTokens, type Demand } from "./demand.ts";
import { freeTokens, remainingOf, type Lease } from "./lease.ts";

/** A bucket's situation at a moment of this process's monotonic clock. */
export interface Need {
  readonly lease: Lease;
  readonly demand: Demand;
  readonly waiting: number;
  readonly today: string;
  readonly nowMs: number;
  readonly lastUseMs: number;
  /** Until then nothing is asked for ahead of demand: another gateway needs the tail. */
  readonly recalledUntilMs: number;
}

/** Unused for so long, a lease goes back. */
export const idleCloseMs = 5_000;

/** Half of the last grant is gone, the bucket has more, and the demand goes on: time to refill, before anyone waits. */
export function isLow({ lease, today, nowMs, lastUseMs, recalledUntilMs }: Need): boolean {
  if (lease.leaseId === null || lease.verdict === "exhausted") return false;
  if (nowMs < recalledUntilMs || nowMs - lastUseMs >= idleCloseMs) return false;
  const free = freeTokens(lease);
  return free * 2 <= lease.lastGrant && remainingOf(lease, today) > free;
}

/** How many tokens a report asks for. */
export function wantOf(need: Need): number {
  const { lease, waiting } = need;
  if (lease.closing) return 0;
  const free = Math.max(0, freeTokens(lease));
  const isFirst = lease.leaseId === null && lease.verdict !== "exhausted";
  if (waiting > 0 || isFirst || isLow(need)) return Math.max(0, wantedTokens(need.demand, need.nowMs, waiting) - free);
  // Asking for one is how an exhausted bucket is found to have tokens again.
  return lease.verdict === "exhausted" && free === 0 ? 1 : 0;
}

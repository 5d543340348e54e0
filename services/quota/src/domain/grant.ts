import type { LeaseGrant } from "@topdog/contracts/rpc/sync-leases";

const smallestWindow = 2;
const usualWindow = 32;
const largestWindow = 256;

/**
 * U: what a gateway may admit unreported, so the most that its crash can burn. Fixed when a lease is made. 2.5 % of a small
 * limit, 32 for a pool, and for a pool above 32,000 a day a thousandth of it: so that a large caller needs fewer reports.
 */
export function creditWindow(limit: number): number {
  const usual = Math.min(usualWindow, Math.max(smallestWindow, Math.floor(limit / 40)));
  return Math.max(usual, Math.min(largestWindow, Math.floor(limit / 1_000)));
}

export interface GrantRequest {
  readonly limit: number;
  readonly free: number;
  /** Leases of this bucket that hold tokens, the asking one included. */
  readonly holders: number;
  readonly want: number;
}

/** Half of what is free, shared by the holders: leases shrink as the day's tokens run out, so little needs recalling. */
export function grantSize({ limit, free, holders, want }: GrantRequest): number {
  if (want <= 0 || free <= 0) return 0;
  const most = Math.max(2, Math.floor(limit / 16));
  const share = Math.floor(free / (2 * Math.max(1, holders)));
  return Math.min(free, Math.max(1, Math.min(want, share, most)));
}

/** Tokens of one bucket and day as one lease can have them, after everything of this message was applied. */
export interface TokensLeft {
  readonly free: number;
  /** Unused in the asking gateway's own lease. */
  readonly ownOpen: number;
  /** What could be granted if every other lease gave its unused tokens back: only looked at when nothing else is left. */
  readonly reachable: () => number;
}

/** `exhausted` is answered only when no token can come back by itself: a gateway then refuses calls without asking again. */
export function grantStatus({ free, ownOpen, reachable }: TokensLeft): LeaseGrant["status"] {
  if (free > 0 || ownOpen > 0) return "ok";
  return reachable() > 0 ? "contended" : "exhausted";
}

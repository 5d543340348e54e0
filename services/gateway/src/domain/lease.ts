import type { PlanId } from "@topdog/contracts/plans";
import type { Charge, Meter } from "@topdog/contracts/quota";
import { isNewerLease, type LeaseGrant, type LeaseReport } from "@topdog/contracts/rpc/sync-leases";

/**
 * What this gateway knows about one bucket, and its lease of it. Admits while `used < size − returned` and
 * `used − reported < window`, on the lease's own UTC day. Changed only by the functions below; a state that breaks
 * `used ≤ size − returned` or `reported ≤ used` is a bug.
 */
export interface HeldLease {
  readonly owner: string;
  readonly meter: Meter;
  leaseId: string | null;
  /** The newest lease that ended: its seqs are used up, so it must never be admitted from again. */
  retiredId: string | null;
  /** The UTC day whose tokens the lease holds: set at its first grant, never changed. */
  day: string;
  size: number;
  returned: number;
  used: number;
  reported: number;
  window: number;
  /** It admits nothing more: the rest was given back, and it ends with the next acknowledged report. */
  closing: boolean;
  lastGrant: number;
  /** The UTC day that the figures below are about; "" before the first answer. */
  adviceDay: string;
  /** Of the whole bucket, as quota last answered. */
  status: "unknown" | LeaseGrant["status"];
  limit: number;
  plan: PlanId | null;
  remainingAtReply: number;
  usedAtReply: number;
  /** The order of the newest report whose answer is merged: the advice of an older answer is ignored. */
  mergedOrder: number;
}

/** What happens now to a call that needs one token of the lease. */
export type Availability = "ready" | "window_full" | "empty" | "exhausted";

/** A report as it was sent: `order` rises with every report of this lease entry. */
export interface SentReport {
  readonly order: number;
  readonly report: LeaseReport;
}

export function newLease(owner: string, meter: Meter): HeldLease {
  return {
    owner,
    meter,
    leaseId: null,
    retiredId: null,
    day: "",
    size: 0,
    returned: 0,
    used: 0,
    reported: 0,
    window: 1,
    closing: false,
    lastGrant: 0,
    adviceDay: "",
    status: "unknown",
    limit: 0,
    plan: null,
    remainingAtReply: 0,
    usedAtReply: 0,
    mergedOrder: 0,
  };
}

/** Tokens that may still be admitted, the credit window aside. */
export function freeTokens(lease: HeldLease): number {
  return lease.size - lease.returned - lease.used;
}

export function availabilityOf(lease: HeldLease, today: string): Availability {
  if (lease.leaseId !== null && lease.day === today && freeTokens(lease) > 0) {
    return lease.used - lease.reported < lease.window ? "ready" : "window_full";
  }
  return lease.status === "exhausted" && lease.adviceDay === today ? "exhausted" : "empty";
}

/** Takes one token of a lease that is `ready`. */
export function takeToken(lease: HeldLease): Charge {
  if (lease.leaseId === null || freeTokens(lease) < 1 || lease.used - lease.reported >= lease.window) {
    throw new Error("a token was taken that the lease does not hold");
  }
  lease.used += 1;
  return { meter: lease.meter, leaseId: lease.leaseId, seq: lease.used };
}

/** Gives back everything unused; the lease stays open and may grow again. */
export function giveBack(lease: HeldLease): void {
  lease.returned = lease.size - lease.used;
}

/** From here on the lease admits nothing; it ends when quota says so. */
export function beginClose(lease: HeldLease): void {
  if (lease.leaseId === null) return;
  giveBack(lease);
  lease.closing = true;
}

/** Forgets what is cached about the bucket, so that the next call asks again. */
export function forgetStatus(lease: HeldLease): void {
  lease.status = "unknown";
}

export function reportOf(lease: HeldLease, want: number): LeaseReport {
  const { owner, meter, leaseId, retiredId, used, returned, closing } = lease;
  const ended = leaseId === null && retiredId !== null ? { endedLeaseId: retiredId } : {};
  return { owner, meter, leaseId, ...ended, used, returned, want: closing ? 0 : want, close: closing };
}

/** What the caller may still expect today: a figure for people, not a promise. */
export function remainingOf(lease: HeldLease, today: string): number {
  if (lease.adviceDay !== today) return lease.limit;
  return Math.max(0, lease.remainingAtReply - (lease.used - lease.usedAtReply));
}

const isNewer = (id: string, than: string | null): boolean => than === null || isNewerLease(id, than);

function endLease(lease: HeldLease): void {
  lease.retiredId = lease.leaseId;
  lease.leaseId = null;
  lease.closing = false;
  lease.size = lease.returned = lease.used = lease.reported = lease.usedAtReply = lease.lastGrant = 0;
}

function mergeClosed(lease: HeldLease, sent: LeaseReport, grant: LeaseGrant): void {
  if (lease.leaseId === null || sent.leaseId !== lease.leaseId) return;
  if (grant.leaseId !== null && grant.leaseId !== lease.leaseId) return;
  // Tokens taken after this report was sent are reported before the lease is forgotten.
  if (lease.used > sent.used) beginClose(lease);
  else endLease(lease);
}

function mergeOpen(lease: HeldLease, sent: LeaseReport, grant: LeaseGrant): void {
  if (lease.leaseId === null) {
    if (sent.leaseId !== null || grant.leaseId === null || !isNewer(grant.leaseId, lease.retiredId)) return;
    lease.leaseId = grant.leaseId;
    lease.day = grant.day;
    lease.used = lease.reported = grant.reported;
  } else if (grant.leaseId !== lease.leaseId) return;
  lease.lastGrant = grant.size > lease.size ? grant.size - lease.size : lease.lastGrant;
  lease.size = Math.max(lease.size, grant.size);
  lease.returned = lease.closing ? lease.size - lease.used : Math.max(lease.returned, grant.returned);
  lease.reported = Math.max(lease.reported, Math.min(grant.reported, lease.used));
  lease.window = grant.window;
}

/**
 * Merges an answer by its absolute numbers. Duplicated, late and reordered answers change nothing that they should not:
 * sizes only grow, an ended lease never comes back, and advice (status, limit, remaining) is taken from the newest only.
 */
export function mergeGrant(lease: HeldLease, { order, report }: SentReport, grant: LeaseGrant): void {
  if (grant.state === "open") mergeOpen(lease, report, grant);
  else mergeClosed(lease, report, grant);
  if (order <= lease.mergedOrder) return;
  lease.mergedOrder = order;
  // The recall that told it may have been lost: tokens of the higher limit are not used on.
  if (lease.adviceDay === grant.day && grant.limit < lease.limit) giveBack(lease);
  lease.adviceDay = grant.day;
  lease.status = grant.status;
  lease.limit = grant.limit;
  lease.plan = grant.plan;
  lease.remainingAtReply = grant.remaining;
  lease.usedAtReply = lease.leaseId === null ? 0 : Math.min(report.used, lease.used);
}

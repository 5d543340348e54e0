import type { PlanId } from "@topdog/contracts/plans";
import type { CeilingLimit, Charge, Meter } from "@topdog/contracts/quota";
import { isNewerLease, type LeaseGrant, type LeaseReport, type PoolShare } from "@topdog/contracts/rpc/sync-leases";

/**
 * What this gateway knows about one bucket, and its lease of it. Admits while `used < size − returned` and
 * `used − reported < window`, on the lease's own UTC day. Changed only by the functions below; a state that breaks
 * `used ≤ size − returned` or `reported ≤ used` is a bug.
 */
export interface HeldLease {
  readonly owner: string;
  readonly meter: Meter;
  /** Of an org's bucket: for whom the tokens are. */
  readonly member: string | null;
  /** Of a ceiling's bucket: the newest limit that its callers brought. */
  ceiling: CeilingLimit | null;
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
  /** Of a member of an org, as quota last answered. */
  share: PoolShare | null;
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

export function newLease(owner: string, meter: Meter, member: string | null = null): HeldLease {
  return {
    owner,
    meter,
    member,
    ceiling: null,
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
    share: null,
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

/** A ceiling as a caller brings it: with a newer one nothing is admitted by the limit of before. */
export function takeCeiling(lease: HeldLease, { limit, version }: CeilingLimit): void {
  if (lease.ceiling !== null && lease.ceiling.version >= version) return;
  const isFirst = lease.ceiling === null;
  lease.ceiling = { limit, version };
  if (isFirst) return;
  if (lease.leaseId !== null) giveBack(lease);
  forgetStatus(lease);
}

/** `day`: whose tokens a first lease is to hold; "" while that is not known. */
export function reportOf(lease: HeldLease, want: number, day = ""): LeaseReport {
  const { owner, meter, member, leaseId, retiredId, used, returned, closing, size, reported } = lease;
  const of = member === null ? {} : { member };
  const ceiling = lease.ceiling === null ? {} : { ceiling: lease.ceiling };
  const ended = leaseId === null && retiredId !== null ? { endedLeaseId: retiredId } : {};
  const asked = leaseId === null && day !== "" ? { forDay: day } : {};
  const told = closing ? { told: { day: lease.day, size, reported } } : {};
  const numbers = { used, returned, want: closing ? 0 : want, close: closing };
  return { owner, meter, ...of, ...ceiling, leaseId, ...ended, ...asked, ...numbers, ...told };
}

/** What the caller may still expect today: a figure for people, not a promise. */
export function remainingOf(lease: HeldLease, today: string): number {
  if (lease.adviceDay !== today) return lease.limit;
  return Math.max(0, lease.remainingAtReply - (lease.used - lease.usedAtReply));
}

const isNewer = (id: string, than: string | null): boolean => than === null || isNewerLease(id, than);

/** The newest lease that it ever held. */
export const newestId = ({ leaseId, retiredId }: Pick<HeldLease, "leaseId" | "retiredId">): string | null =>
  leaseId !== null && isNewer(leaseId, retiredId) ? leaseId : retiredId;

function endLease(lease: HeldLease): void {
  lease.retiredId = newestId(lease);
  lease.leaseId = null;
  lease.closing = false;
  lease.size = lease.returned = lease.used = lease.reported = lease.usedAtReply = lease.lastGrant = 0;
}

/** Sizes only grow: quota's database was restored from a backup. */
const knowsLess = (lease: HeldLease, order: number, grant: LeaseGrant): boolean =>
  grant.state === "open" && grant.leaseId === lease.leaseId && grant.size < lease.size && order > lease.mergedOrder;

/** Quota ended a lease that this gateway did not want to end, or knows less of it than it told before. */
export const wasLostByQuota = (lease: HeldLease, { order, report }: SentReport, grant: LeaseGrant): boolean =>
  lease.leaseId !== null &&
  report.leaseId === lease.leaseId &&
  !report.close &&
  (grant.state === "closed" || knowsLess(lease, order, grant));

function mergeClosed(lease: HeldLease, sent: LeaseReport, grant: LeaseGrant): void {
  if (lease.leaseId === null || sent.leaseId !== lease.leaseId) return;
  if (grant.leaseId !== null && grant.leaseId !== lease.leaseId) return;
  // Otherwise quota ended it by itself, and burned what it could not know to be unused: that comes back with our last numbers, those of
  // tokens that were taken since among them. A report that closes is the last word: nothing is taken from a closing lease.
  if (sent.close) endLease(lease);
  else beginClose(lease);
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
  // A quota of the release before knows no members: its lease is for anybody, and it would give the same one for each of them.
  if (report.leaseId === null && report.member !== grant.member) return;
  // Quota serves another day than the one that was asked for, or is of a release that knows only its own.
  if (report.forDay !== undefined && report.forDay !== grant.day) return;
  // Tokens that quota does not know of are not used on; it is told what was.
  if (knowsLess(lease, order, grant)) beginClose(lease);
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
  lease.share = grant.share ?? null;
  lease.remainingAtReply = grant.remaining;
  lease.usedAtReply = lease.leaseId === null ? 0 : Math.min(report.used, lease.used);
}

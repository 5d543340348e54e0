import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { BucketKey } from "./bucket.ts";

/** `size = acked + returned + burned + open`; seqs 1..(size − returned) are the ones it may ever have used. */
export interface Lease extends BucketKey {
  readonly leaseId: string;
  readonly gatewayId: string;
  /** Of an org's bucket: whose tokens it holds; null: anybody's. */
  readonly member: string | null;
  readonly size: number;
  /** Tokens in the ledger, by a report or by a usage record. */
  readonly acked: number;
  /** Seqs 1..reported are in the ledger by the gateway's own report. */
  readonly reported: number;
  /** The highest seq in the ledger: above `reported` when a usage record came before the gateway's report. */
  readonly highest: number;
  readonly returned: number;
  /** Of a closed lease: what may have been used unreported. */
  readonly burned: number;
  readonly window: number;
  readonly state: "open" | "closed";
  /** `used` of the gateway's final report. */
  readonly finalUsed: number | null;
}

/** A lease to be made. */
export type NewLease = Pick<Lease, "owner" | "meter" | "day" | "gatewayId" | "member" | "size" | "window">;
export type CreatedLease = BucketKey & Pick<Lease, "member" | "leaseId">;

export const violations = [
  "used_beyond_size",
  "used_beyond_window",
  "used_after_return",
  "numbers_of_two_reports",
  "final_below_ledger",
  /** The gateway has held a newer lease than this one, which is its newest here: the database was restored. */
  "lost_history",
] as const;
export type Violation = (typeof violations)[number];

/** What a report claims, judged before anything is written. */
export type Claim =
  | { readonly kind: "settle"; readonly from: number; readonly to: number }
  /** Older than a report that came before it: it changes nothing. */
  | { readonly kind: "stale" }
  | { readonly kind: "violation"; readonly reason: Violation };

type Numbers = Pick<LeaseReport, "used" | "returned" | "close">;

/** Seqs above this one were never granted, or were given back. */
const heldSeqs = (lease: Lease): number => lease.size - lease.returned;

/**
 * The highest seq that may have been admitted. An open lease's gateway stays within its window above what it knows to be reported,
 * and it never knows more than we do; of a closed lease only this much was kept in escrow.
 */
export function highestPossibleSeq(lease: Lease): number {
  return lease.state === "closed" ? heldSeqs(lease) : Math.min(heldSeqs(lease), lease.reported + lease.window);
}

/** What the lease keeps out of the bucket's free tokens. */
export const escrowOf = (lease: Lease): number => lease.size - lease.acked - lease.returned;

export const openTokens = (lease: Lease): number => escrowOf(lease) - lease.burned;

const violation = (reason: Violation): Claim => ({ kind: "violation", reason });

export function judgeReport(lease: Lease, report: Numbers): Claim {
  const { used, close } = report;
  // What a closed lease returned was decided here: the gateway's own figure is ignored.
  const returned = lease.state === "open" ? report.returned : lease.returned;
  const behind = used < lease.reported || returned < lease.returned;
  const ahead = used > lease.reported || returned > lease.returned;
  if (behind) return ahead ? violation("numbers_of_two_reports") : { kind: "stale" };
  if (used > heldSeqs(lease)) return violation("used_beyond_size");
  if (used > highestPossibleSeq(lease)) return violation("used_beyond_window");
  if (Math.max(used, lease.highest) > lease.size - returned) return violation("used_after_return");
  if (close && used < lease.highest) return violation("final_below_ledger");
  return { kind: "settle", from: lease.reported + 1, to: used };
}

/** Applies a judged report whose seqs 1..used are now in the ledger; `inserted` of them were new there. */
export function settleReport(before: Lease, report: Numbers, inserted: number): Lease {
  const lease = { ...settleRows(before, inserted, report.used), reported: report.used };
  if (report.close) return finish(lease);
  return lease.state === "closed" ? lease : { ...lease, returned: report.returned };
}

/** New ledger rows, from a report or from a usage record that came first; a closed lease takes them from what was burned. */
export function settleRows(lease: Lease, inserted: number, highestSeq: number): Lease {
  const burned = lease.state === "closed" ? lease.burned - inserted : 0;
  const acked = lease.acked + inserted;
  const settled = { ...lease, acked, burned, highest: Math.max(lease.highest, highestSeq) };
  if (burned < 0 || openTokens(settled) < 0) throw new Error(`lease ${lease.leaseId} has more ledger rows than tokens`);
  return settled;
}

/** The gateway's final report: it admits nothing more, so everything that is not in the ledger was not used. */
export function finish(lease: Lease): Lease {
  return { ...lease, state: "closed", returned: lease.size - lease.acked, burned: 0, finalUsed: lease.acked };
}

/**
 * Closes a lease without its gateway: what it may have admitted unreported is burned, the rest is free again. Whatever it reports
 * later is answered `closed`, which never reopens its window: no clock is needed for safety, only for freeing tokens sooner.
 */
export function fence(lease: Lease): Lease {
  if (lease.state === "closed") return lease;
  const held = highestPossibleSeq(lease);
  return { ...lease, state: "closed", returned: lease.size - held, burned: held - lease.acked };
}

export const grow = (lease: Lease, tokens: number): Lease => ({ ...lease, size: lease.size + tokens });

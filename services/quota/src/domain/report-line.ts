import { isNewerLease, type LeaseGrant, type LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { type Bucket, counterKey, keyOf } from "./bucket.ts";
import { creditWindow, grantSize, grantStatus } from "./grant.ts";
import {
  type Claim,
  type CreatedLease,
  fence,
  grow,
  judgeReport,
  type Lease,
  type NewLease,
  openTokens,
  settleReport,
  type Violation,
} from "./lease.ts";
import { freeNow, type Tallies, type Tally, tallyLease, tallyOf } from "./tally.ts";

/** One report of a sync message, with what was read and decided about it. */
export interface ReportLine {
  readonly report: LeaseReport;
  readonly tally: Tally;
  /** The gateway's lease that the report is about, or its open one when it asks for a first. Null: it has none. */
  readonly before: Lease | null;
  after: Lease | null;
  /** Seqs to be written to the ledger; none when `to < from`. */
  readonly settles: { readonly from: number; readonly to: number } | null;
  /** Older or repeated: it is answered, and gets nothing. */
  readonly stale: boolean;
  readonly violation: Violation | null;
  /** What other leases hold of the bucket. */
  readonly others: { readonly holders: number; readonly open: number };
  granted: number;
}

interface Message {
  readonly gatewayId: string;
  readonly leases: readonly LeaseReport[];
}

/** Judges each report of a message, before anything is written. `leases`: those it names and the open ones of its buckets. */
export function openLines(message: Message, leases: readonly Lease[], tallies: Tallies, today: string): ReportLine[] {
  const { gatewayId } = message;
  const seen = new Set<string>();
  const byCounter = Map.groupBy(leases, counterKey);
  return message.leases.map((report) => {
    const rivals = byCounter.get(counterKey(report)) ?? [];
    const before = findLease(report, gatewayId, rivals);
    const tally = tallyOf(tallies, before ?? { ...report, day: today });
    const subject = before?.leaseId ?? counterKey(report);
    // The first report on a lease counts; a second one in the same message could only contradict it.
    const repeated = seen.has(subject);
    seen.add(subject);
    const claim =
      before === null ? null : report.leaseId === null ? judgeRequest(before, report) : judgeReport(before, report);
    const others = rivals.filter((lease) => lease !== before && isOpenOf(tally.bucket, lease));
    return {
      report,
      tally,
      before,
      after: before,
      granted: 0,
      settles: claim?.kind === "settle" && !repeated ? claim : null,
      stale: repeated || claim?.kind === "stale",
      violation: claim?.kind === "violation" && !repeated ? claim.reason : null,
      others: {
        holders: new Set(others.map((lease) => lease.gatewayId).filter((id) => id !== gatewayId)).size,
        open: others.reduce((sum, lease) => sum + openTokens(lease), 0),
      },
    };
  });
}

/** A gateway that asks for a lease is given its open one, unless it would refuse it as an old one: nobody uses that. */
const judgeRequest = ({ leaseId }: Lease, { endedLeaseId }: LeaseReport): Claim | null =>
  endedLeaseId === undefined || isNewerLease(leaseId, endedLeaseId)
    ? null
    : { kind: "violation", reason: "lost_history" };

/**
 * The leases of this message that show that the database has lost a part of its history: those that gateways hold and it does not
 * know, and those that gateways held.
 */
export function foreignLeases(lines: readonly ReportLine[]): { readonly held: string[]; readonly ended: string[] } {
  return {
    held: lines.flatMap(({ report, before }) => (before === null ? (report.leaseId ?? []) : [])),
    ended: lines.flatMap(({ report }) => report.endedLeaseId ?? []),
  };
}

function findLease(report: LeaseReport, gatewayId: string, rivals: readonly Lease[]): Lease | null {
  const own = rivals.filter((lease) => lease.gatewayId === gatewayId);
  if (report.leaseId !== null) return own.find((lease) => lease.leaseId === report.leaseId) ?? null;
  return own.find((lease) => lease.state === "open") ?? null;
}

const isOpenOf = (bucket: Bucket, lease: Lease): boolean => lease.state === "open" && lease.day === bucket.day;
const isOfDay = (line: ReportLine, day: string): boolean => line.tally.bucket.day === day;

/** Settles what a report claims; `inserted`: how many of its seqs were new in the ledger. A report that cannot be true fences the lease. */
export function settleLine(line: ReportLine, inserted: number): void {
  const { before, report, settles } = line;
  if (before === null) return;
  if (line.violation !== null) line.after = fence(before);
  if (settles === null && line.violation === null) return;
  if (settles !== null) line.after = unlessSame(before, settleReport(before, report, inserted));
  if (line.after !== null) tallyLease(line.tally, before, line.after, inserted);
}

/** A report without anything new is not written. */
function unlessSame(before: Lease, after: Lease): Lease {
  const names = Object.keys(before) as (keyof Lease)[];
  return names.every((name) => before[name] === after[name]) ? before : after;
}

/** Grows the gateway's open lease of today, or returns the first one to make. */
export function grantLine(line: ReportLine, gatewayId: string, today: string): NewLease | null {
  const { report, tally, after, others } = line;
  const mayGrow = after === null ? report.leaseId === null : after.state === "open";
  if (!mayGrow || line.stale || report.close || !isOfDay(line, today)) return null;
  const { bucket } = tally;
  // A gateway that asks as if it had none has missed the answer: it is given what it has not seen, and no more on top.
  const unseen = report.leaseId === null && after !== null ? openTokens(after) : 0;
  const want = report.want - unseen;
  const request = { limit: bucket.limit, free: freeNow(tally), holders: others.holders + 1, want };
  line.granted = grantSize(request);
  if (line.granted === 0) return null;
  tally.escrow += line.granted;
  tally.granted += line.granted;
  if (after !== null) {
    line.after = grow(after, line.granted);
    return null;
  }
  const { owner, meter, day } = bucket;
  return { owner, meter, day, gatewayId, size: line.granted, window: creditWindow(bucket.limit) };
}

/** Call it when every line of the message has its grant: notes which buckets are answered as exhausted. */
export function noteExhaustion(line: ReportLine, today: string): void {
  line.tally.tellsExhausted ||= isOfDay(line, today) && statusOf(line) === "exhausted";
}

const ownOpen = ({ after, granted }: ReportLine): number => (after === null ? granted : openTokens(after));

export const statusOf = (line: ReportLine): LeaseGrant["status"] =>
  grantStatus({ free: freeNow(line.tally), ownOpen: ownOpen(line), othersOpen: line.others.open });

/** The answer to a line; `created`: the leases that were made for the message. */
export function toGrant(line: ReportLine, created: readonly CreatedLease[]): LeaseGrant {
  const { report, after, tally, granted } = line;
  const { owner, meter, day, limit, plan } = tally.bucket;
  const shared = { owner, meter, day, limit, plan, status: statusOf(line), remaining: freeNow(tally) + ownOpen(line) };
  if (after !== null) {
    const { leaseId, state, size, returned, reported, window } = after;
    return { ...shared, leaseId, state, size, returned, reported, window };
  }
  const made = granted === 0 ? undefined : created.find((lease) => keyOf(lease) === keyOf(tally.bucket));
  return {
    ...shared,
    // An unknown lease, or one of another gateway, is answered as closed.
    leaseId: made?.leaseId ?? report.leaseId,
    state: made === undefined ? (report.leaseId === null ? null : "closed") : "open",
    size: granted,
    returned: 0,
    reported: 0,
    window: creditWindow(limit),
  };
}

export function outcomeOf(line: ReportLine): "settled" | "asked" | "stale" | "violation" | "unknown" {
  if (line.violation !== null) return "violation";
  if (line.stale) return "stale";
  if (line.report.leaseId === null) return "asked";
  return line.before === null ? "unknown" : "settled";
}

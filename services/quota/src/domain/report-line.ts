import { isNewerLease, type LeaseGrant, type LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { type BucketKey, counterKey, keyOf } from "./bucket.ts";
import type { Draw } from "./fair-share.ts";
import { creditWindow, grantSize, grantStatus } from "./grant.ts";
import {
  freeFor,
  type Holders,
  type Holding,
  noteAsker,
  noteHolding,
  openHolders,
  othersHolding,
  reachableFor,
  shareOf,
} from "./holders.ts";
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
import { openLostHistory, settleLost } from "./lost-history.ts";
import { isServedDay } from "./utc-day.ts";
import { freeNow, type Tallies, type Tally, tallyDraw, tallyLease, tallyOf } from "./tally.ts";

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
  /** Its gateway knows more of the lease than the database, which was restored. */
  readonly isLost: boolean;
  /** Its lease, or the one to be made, among those of its bucket. */
  readonly id: string;
  /** Of an org's bucket: for whom the tokens are; null: for anybody. */
  readonly member: string | null;
  readonly holders: Holders;
  /** It is about a day of which leases are made, and is of the day that it was asked for. */
  readonly isServed: boolean;
  granted: number;
}

interface Message {
  readonly gatewayId: string;
  readonly leases: readonly LeaseReport[];
}

/** What was read of the buckets of a message. */
export interface Scene {
  /** Those that the message names, and its gateway's open ones of the buckets of which it asks for a lease. */
  readonly leases: readonly Lease[];
  /** What all other leases of its buckets hold. */
  readonly others: readonly Holding[];
  readonly tallies: Tallies;
  readonly draws: readonly (BucketKey & Draw)[];
  readonly today: string;
  readonly nowMs: number;
}

/** Judges each report of a message, before anything is written. */
export function openLines(message: Message, scene: Scene): ReportLine[] {
  const { tallies, today, nowMs } = scene;
  const seen = new Set<string>();
  const own = scene.leases.filter(({ gatewayId }) => gatewayId === message.gatewayId);
  const byCounter = Map.groupBy(own, counterKey);
  const judgeLost = openLostHistory();
  const holdersOf = openHoldersOf(scene);
  return message.leases.map((report) => {
    const known = byCounter.get(counterKey(report)) ?? [];
    const asked = report.leaseId === null ? (report.forDay ?? today) : today;
    const isServed = isServedDay(asked, { today, nowMs });
    const before = isServed ? findLease({ ...report, day: asked }, known) : null;
    const day = before?.day ?? (isServed ? asked : today);
    const tally = tallyOf(tallies, { ...report, day });
    const member = before === null ? (report.member ?? null) : before.member;
    const subject = before?.leaseId ?? `${keyOf({ ...report, day })} ${member}`;
    // The first report on a lease counts; a second one in the same message could only contradict it.
    const repeated = seen.has(subject);
    seen.add(subject);
    const lost = before === null || repeated ? null : judgeLost(before, report, tally);
    const claim = before === null || repeated ? null : (lost ?? judge(before, report));
    return {
      report,
      tally,
      before,
      after: before,
      granted: 0,
      settles: claim?.kind === "settle" ? claim : null,
      stale: repeated || claim?.kind === "stale",
      violation: claim?.kind === "violation" ? claim.reason : null,
      isLost: lost !== null,
      id: subject,
      member,
      holders: holdersOf(tally),
      isServed: isServed && isServedDay(day, { today, nowMs }),
    };
  });
}

/** The holders of each bucket of a message: its reports share them. */
function openHoldersOf({ leases, others, draws, nowMs }: Scene): (tally: Tally) => Holders {
  const [leasesOf, othersOf, drawsOf] = [
    Map.groupBy(leases, keyOf),
    Map.groupBy(others, keyOf),
    Map.groupBy(draws, keyOf),
  ];
  const opened = new Map<Tally, Holders>();
  return (tally) => {
    const key = keyOf(tally.bucket);
    const of = { leases: leasesOf.get(key) ?? [], others: othersOf.get(key) ?? [], draws: drawsOf.get(key) ?? [] };
    const holders = opened.get(tally) ?? openHolders(tally, of, nowMs);
    opened.set(tally, holders);
    return holders;
  };
}

/** A gateway that asks for a lease is given its open one, unless it would refuse it as an old one: nobody uses that. */
const judgeRequest = ({ leaseId }: Lease, { endedLeaseId }: LeaseReport): Claim | null =>
  endedLeaseId === undefined || isNewerLease(leaseId, endedLeaseId)
    ? null
    : { kind: "violation", reason: "lost_history" };

const judge = (lease: Lease, report: LeaseReport): Claim | null =>
  report.leaseId === null ? judgeRequest(lease, report) : judgeReport(lease, report);

/** Among the gateway's own leases. */
function findLease(report: LeaseReport & Pick<Lease, "day">, own: readonly Lease[]): Lease | null {
  if (report.leaseId !== null) return own.find((lease) => lease.leaseId === report.leaseId) ?? null;
  const isAsked = ({ state, day, member }: Lease): boolean =>
    state === "open" && day === report.day && member === (report.member ?? null);
  return own.find(isAsked) ?? null;
}

/** Settles what a report claims; `inserted`: how many of its seqs were new in the ledger. A report that cannot be true fences the lease. */
export function settleLine(line: ReportLine, inserted: number): void {
  const { before, report, settles } = line;
  if (before === null) return;
  if (line.violation !== null) line.after = fence(before);
  if (settles === null && line.violation === null) return;
  if (settles !== null) {
    const after = line.isLost ? settleLost(before, settles.to, inserted) : settleReport(before, report, inserted);
    line.after = unlessSame(before, after);
  }
  if (line.after === null) return;
  tallyLease(line.tally, before, line.after, inserted);
  noteHolding(line.holders, line.id, line.member, openTokens(line.after));
}

/** Before anything is granted: a share is kept for each member who asks for tokens, or used some. */
export function noteAskers(lines: readonly ReportLine[]): void {
  for (const line of lines) {
    const { report, before, settles } = line;
    const uses = before !== null && settles !== null && settles.to > before.reported;
    if (line.isServed && !line.stale && (report.want > 0 || uses)) noteAsker(line.holders, line.member);
  }
}

/** A report without anything new is not written. */
function unlessSame(before: Lease, after: Lease): Lease {
  const names = Object.keys(before) as (keyof Lease)[];
  return names.every((name) => before[name] === after[name]) ? before : after;
}

/** Grows the gateway's open lease, or returns the first one to make. */
export function grantLine(line: ReportLine, gatewayId: string): NewLease | null {
  const { report, tally, after, holders, member, id } = line;
  const mayGrow = after === null ? report.leaseId === null : after.state === "open";
  if (!mayGrow || line.stale || report.close || !line.isServed) return null;
  const { bucket } = tally;
  // A gateway that asks as if it had none has missed the answer: it is given what it has not seen, and no more on top.
  const unseen = report.leaseId === null && after !== null ? openTokens(after) : 0;
  const want = report.want - unseen;
  const free = freeFor(holders, member);
  line.granted = grantSize({ limit: bucket.limit, free, holders: othersHolding(holders, id) + 1, want });
  if (line.granted === 0) return null;
  tally.escrow += line.granted;
  tally.granted += line.granted;
  tallyDraw(tally, member, line.granted);
  noteHolding(holders, id, member, ownOpen(line) + (after === null ? 0 : line.granted));
  if (after !== null) {
    line.after = grow(after, line.granted);
    return null;
  }
  const { owner, meter, day } = bucket;
  return { owner, meter, day, gatewayId, member, size: line.granted, window: creditWindow(bucket.limit) };
}

/** Call it when every line of the message has its grant: notes which buckets are answered as exhausted. */
export function noteExhaustion(line: ReportLine, today: string): void {
  const { tally, holders, id } = line;
  // What is free and kept for others is not exhausted: who is refused it asks again.
  const isSpent = freeNow(tally) === 0 && ownOpen(line) === 0 && reachableFor(holders, id, null) === 0;
  tally.tellsExhausted ||= tally.bucket.day === today && isSpent;
}

const ownOpen = ({ after, granted }: ReportLine): number => (after === null ? granted : openTokens(after));

export function statusOf(line: ReportLine): LeaseGrant["status"] {
  const { holders, id, member } = line;
  const free = freeFor(holders, member);
  return grantStatus({ free, ownOpen: ownOpen(line), reachable: () => reachableFor(holders, id, member) });
}

const isOf = (lease: CreatedLease, { tally, member }: ReportLine): boolean =>
  keyOf(lease) === keyOf(tally.bucket) && lease.member === member;

/** The answer to a line; `created`: the leases that were made for the message. */
export function toGrant(line: ReportLine, created: readonly CreatedLease[]): LeaseGrant {
  const { report, after, tally, granted } = line;
  const { owner, meter, day, limit, plan } = tally.bucket;
  const { holders, member } = line;
  const remaining = freeFor(holders, member) + ownOpen(line);
  const ofMember = member === null ? {} : { member, share: shareOf(holders, member) };
  const shared = { owner, meter, ...ofMember, day, limit, plan, status: statusOf(line), remaining };
  if (after !== null) {
    const { leaseId, state, size, returned, reported, window } = after;
    return { ...shared, leaseId, state, size, returned, reported, window };
  }
  const made = granted === 0 ? undefined : created.find((lease) => isOf(lease, line));
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

export function outcomeOf(line: ReportLine): "settled" | "asked" | "stale" | "violation" | "unknown" | "recovered" {
  if (line.violation !== null) return "violation";
  if (line.isLost) return "recovered";
  if (line.stale) return "stale";
  if (line.report.leaseId === null) return "asked";
  return line.before === null ? "unknown" : "settled";
}

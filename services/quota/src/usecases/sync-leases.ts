import type { LeaseGrant, LeaseReport, syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { Transaction } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import type { z } from "zod";
import { type Bucket, freeTokens, keyOf } from "../domain/bucket.ts";
import { creditWindow, grantSize, verdictOf } from "../domain/grant.ts";
import { fence, grow, judgeReport, type Lease, openTokens, settleReport, type Violation } from "../domain/lease.ts";
import { type Counter, counterKey, ensureBuckets, lockBuckets, readClock } from "../store/buckets.ts";
import { insertAdmitted, type SeqRange } from "../store/ledger.ts";
import { type NewLease, readLeases } from "../store/leases.ts";
import type { QuotaDeps } from "./deps.ts";
import { type Aftermath, announce, openTallies, type Tally, tallyLease, writeMovements } from "./move-tokens.ts";

type Request = z.infer<typeof syncLeases.request>;
type Reply = z.infer<typeof syncLeases.reply>;

/** One report on its way through the transaction. */
interface Line {
  readonly report: LeaseReport;
  readonly tally: Tally;
  /** The gateway's lease that the report is about, or its open one when it asks for a first. Null: it has none. */
  readonly before: Lease | null;
  after: Lease | null;
  readonly settles: SeqRange | null;
  /** Overtaken or repeated: it is answered, and gets nothing. */
  readonly stale: boolean;
  readonly violation: Violation | null;
  /** What other leases hold of the bucket. */
  readonly others: { readonly holders: number; readonly open: number };
  granted: number;
}

interface Synced {
  readonly reply: Reply;
  readonly lines: readonly Line[];
  readonly aftermath: Aftermath;
}

const bucketAttempts = 3;

/**
 * Settles what a gateway admitted, takes back what it returned, and grants more: one transaction for the whole message. Safe to
 * repeat, since every number in it is absolute.
 */
export async function synchronizeLeases(deps: QuotaDeps, request: Request): Promise<Reply> {
  if (request.leases.length === 0) {
    await deps.presence.seen(request.gatewayId);
    const clock = await readClock(deps.db);
    return { nowMs: clock.nowMs, day: clock.today, leases: [] };
  }
  // Before anything is granted: a gateway that is not on record could vanish unnoticed.
  await deps.presence.seen(request.gatewayId);
  const counters = distinctCounters(request.leases);
  for (let attempt = 1; attempt <= bucketAttempts; attempt += 1) {
    const synced = await inTransaction(deps.db, (trx) => syncOnce(trx, request, counters));
    if (synced !== null) return conclude(deps, request, synced);
    await ensureBuckets(deps.db, counters);
  }
  throw new Error("today's buckets could not be made");
}

function distinctCounters(reports: readonly LeaseReport[]): Counter[] {
  return [...new Map(reports.map(({ owner, meter }) => [counterKey({ owner, meter }), { owner, meter }])).values()];
}

/** Null when a bucket of today is still to be made. */
async function syncOnce(trx: Transaction, request: Request, counters: readonly Counter[]): Promise<Synced | null> {
  const leaseIds = request.leases.flatMap(({ leaseId }) => leaseId ?? []);
  const { buckets, today, nowMs } = await lockBuckets(trx, counters, leaseIds);
  if (today === null || nowMs === null) return null;
  const tallies = openTallies(buckets);
  const todays = counters.map((counter) => ({ ...counter, day: today }));
  if (todays.some((bucket) => !tallies.has(keyOf(bucket)))) return null;

  const leases = await readLeases(trx, leaseIds, todays);
  const lines = openLines(request, leases, (report, lease) => {
    const tally = tallies.get(keyOf(lease ?? { ...report, day: today }));
    if (tally === undefined) throw new Error("a lease's bucket was not locked");
    return tally;
  });
  const inserted = await insertAdmitted(
    trx,
    lines.flatMap((line) => line.settles ?? []),
  );
  for (const line of lines) settleLine(line, inserted);
  const newLeases = lines.flatMap((line) => grantLine(line, request.gatewayId, today) ?? []);
  for (const line of lines) line.tally.tellsExhausted ||= isToday(line, today) && statusOf(line) === "exhausted";

  const changed = lines.flatMap(({ before, after }) =>
    before === null || after === null || after === before ? [] : after,
  );
  const aftermath = await writeMovements(trx, tallies, changed, newLeases);
  const grants = lines.map((line) => toGrant(line, aftermath));
  return { reply: { nowMs: Math.floor(nowMs), day: today, leases: grants }, lines, aftermath };
}

const isToday = (line: Line, today: string): boolean => line.tally.bucket.day === today;

function openLines(
  request: Request,
  leases: readonly Lease[],
  tallyOf: (report: LeaseReport, lease: Lease | null) => Tally,
): Line[] {
  const seen = new Set<string>();
  const byCounter = Map.groupBy(leases, counterKey);
  return request.leases.map((report) => {
    const rivals = byCounter.get(counterKey(report)) ?? [];
    const before = findLease(report, request.gatewayId, rivals);
    const tally = tallyOf(report, before);
    const subject = before?.leaseId ?? counterKey(report);
    // The first word on a lease counts; another in the same message could only contradict it.
    const repeated = seen.has(subject);
    seen.add(subject);
    const claim = before === null || report.leaseId === null ? null : judgeReport(before, report);
    const others = rivals.filter((lease) => lease !== before && isOpenOf(tally.bucket, lease));
    return {
      report,
      tally,
      before,
      after: before,
      granted: 0,
      settles:
        claim?.kind === "settle" && before !== null && !repeated ? { ...before, from: claim.from, to: claim.to } : null,
      stale: repeated || claim?.kind === "stale",
      violation: claim?.kind === "violation" && !repeated ? claim.reason : null,
      others: {
        holders: new Set(others.map((lease) => lease.gatewayId).filter((id) => id !== request.gatewayId)).size,
        open: others.reduce((sum, lease) => sum + openTokens(lease), 0),
      },
    };
  });
}

function findLease(report: LeaseReport, gatewayId: string, rivals: readonly Lease[]): Lease | null {
  const own = rivals.filter((lease) => lease.gatewayId === gatewayId);
  if (report.leaseId !== null) return own.find((lease) => lease.leaseId === report.leaseId) ?? null;
  return own.find((lease) => lease.state === "open") ?? null;
}

const isOpenOf = (bucket: Bucket, lease: Lease): boolean => lease.state === "open" && lease.day === bucket.day;

function settleLine(line: Line, inserted: ReadonlyMap<string, number>): void {
  const { before, report, settles } = line;
  if (before === null) return;
  if (line.violation !== null) line.after = fence(before);
  if (settles === null && line.violation === null) return;
  const rows = settles === null ? 0 : (inserted.get(before.leaseId) ?? 0);
  if (settles !== null) line.after = unlessSame(before, settleReport(before, report, rows));
  if (line.after !== null) tallyLease(line.tally, before, line.after, rows);
}

/** A report that says nothing new is written nowhere. */
function unlessSame(before: Lease, after: Lease): Lease {
  const names = Object.keys(before) as (keyof Lease)[];
  return names.every((name) => before[name] === after[name]) ? before : after;
}

/** Grows the gateway's open lease of today, or returns the first one to make. */
function grantLine(line: Line, gatewayId: string, today: string): NewLease | null {
  const { report, tally, after, others } = line;
  const mayGrow = after === null ? report.leaseId === null : after.state === "open";
  if (!mayGrow || line.stale || report.close || !isToday(line, today)) return null;
  const { bucket } = tally;
  const free = freeNow(tally);
  line.granted = grantSize({ limit: bucket.limit, free, holders: others.holders + 1, want: report.want });
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

const freeNow = ({ bucket, settled, escrow }: Tally): number =>
  freeTokens({ ...bucket, settled: bucket.settled + settled, escrow: bucket.escrow + escrow });

const ownOpen = ({ after, granted }: Line): number => (after === null ? granted : openTokens(after));

const statusOf = (line: Line): LeaseGrant["status"] =>
  verdictOf({ free: freeNow(line.tally), ownOpen: ownOpen(line), othersOpen: line.others.open });

function toGrant(line: Line, { created }: Aftermath): LeaseGrant {
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
    // A lease that we do not know, or that is another gateway's, is over for whoever asks about it.
    leaseId: made?.leaseId ?? report.leaseId,
    state: made === undefined ? (report.leaseId === null ? null : "closed") : "open",
    size: granted,
    returned: 0,
    reported: 0,
    window: creditWindow(limit),
  };
}

function conclude(deps: QuotaDeps, request: Request, { reply, lines, aftermath }: Synced): Reply {
  announce(deps, aftermath);
  const { metrics, logger } = deps;
  for (const line of lines) {
    const { report, before, after, violation } = line;
    if (line.granted > 0) metrics.granted.inc(line.granted);
    if (before !== null && after !== null) {
      metrics.returned.inc(Math.max(0, after.returned - before.returned));
      metrics.burned.inc(Math.max(0, after.burned - before.burned));
    }
    if (violation !== null) {
      metrics.violations.inc({ reason: violation });
      logger.error(
        { violation, gatewayId: request.gatewayId, report, lease: before },
        "a lease was fenced: its report cannot be true",
      );
    }
    metrics.reports.inc({ outcome: outcomeOf(line) });
    const isShort = report.want > 0 && line.granted === 0 && !line.stale;
    if (isShort && statusOf(line) === "contended")
      deps.recall({ owner: report.owner, meter: report.meter, reason: "tail" });
  }
  return reply;
}

function outcomeOf(line: Line): "settled" | "asked" | "stale" | "violation" | "unknown" {
  if (line.violation !== null) return "violation";
  if (line.stale) return "stale";
  if (line.report.leaseId === null) return "asked";
  return line.before === null ? "unknown" : "settled";
}

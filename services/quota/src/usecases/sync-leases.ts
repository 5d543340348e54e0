import type { LeaseReport, syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { z } from "zod";
import { type Counter, counterKey, keyOf } from "../domain/bucket.ts";
import {
  foreignLeases,
  grantLine,
  noteExhaustion,
  openLines,
  outcomeOf,
  type ReportLine,
  settleLine,
  statusOf,
  toGrant,
} from "../domain/report-line.ts";
import { openTallies } from "../domain/tally.ts";
import type { QuotaTransaction } from "../store/quota-store.ts";
import type { QuotaDeps } from "./deps.ts";
import { makeMissingBuckets } from "./make-buckets.ts";
import { type Aftermath, announce, writeMovements } from "./move-tokens.ts";

type Request = z.infer<typeof syncLeases.request>;
type Reply = z.infer<typeof syncLeases.reply>;

interface Synced {
  readonly reply: Reply;
  readonly lines: readonly ReportLine[];
  readonly aftermath: Aftermath;
}

const bucketAttempts = 3;

/**
 * Settles what a gateway admitted, takes back what it returned, and grants more: one transaction for the whole message. Safe to
 * repeat, since every number in it is absolute.
 */
export async function synchronizeLeases(deps: QuotaDeps, request: Request): Promise<Reply> {
  // Before anything is granted: a gateway without a row could vanish unnoticed.
  await deps.presence.seen(request.gatewayId);
  if (request.leases.length === 0) {
    const clock = await deps.store.readClock();
    return { nowMs: clock.nowMs, day: clock.today, leases: [] };
  }
  const counters = distinctCounters(request.leases);
  for (let attempt = 1; attempt <= bucketAttempts; attempt += 1) {
    // A request for a first lease may be the day's first message about its bucket; so may, rarely, a report of yesterday's lease.
    const unsure =
      attempt === 1 ? distinctCounters(request.leases.filter(({ leaseId }) => leaseId === null)) : counters;
    const synced = await deps.store.transaction(async (tx) => {
      await makeMissingBuckets(tx, unsure);
      return syncOnce(tx, request, counters);
    });
    if (synced !== null) return conclude(deps, request, synced);
  }
  throw new Error("today's buckets could not be made");
}

function distinctCounters(reports: readonly LeaseReport[]): Counter[] {
  return [...new Map(reports.map(({ owner, meter }) => [counterKey({ owner, meter }), { owner, meter }])).values()];
}

/** Null when a bucket of today is still to be made. */
async function syncOnce(tx: QuotaTransaction, request: Request, counters: readonly Counter[]): Promise<Synced | null> {
  const leaseIds = request.leases.flatMap(({ leaseId }) => leaseId ?? []);
  const { buckets, today, nowMs } = await tx.lockBuckets(counters, leaseIds);
  if (today === null || nowMs === null) return null;
  const tallies = openTallies(buckets);
  const todays = counters.map((counter) => ({ ...counter, day: today }));
  if (todays.some((bucket) => !tallies.has(keyOf(bucket)))) return null;

  const leases = await tx.readLeases(leaseIds, todays);
  const lines = openLines(request, leases, tallies, today);
  await leaveLostHistory(tx, lines);
  const inserted = await tx.insertAdmitted(
    lines.flatMap(({ before, settles }) =>
      before === null || settles === null ? [] : { ...before, from: settles.from, to: settles.to },
    ),
  );
  for (const line of lines) settleLine(line, line.before === null ? 0 : (inserted.get(line.before.leaseId) ?? 0));
  const newLeases = lines.flatMap((line) => grantLine(line, request.gatewayId, today) ?? []);
  for (const line of lines) noteExhaustion(line, today);

  const changed = lines.flatMap(({ before, after }) =>
    before === null || after === null || after === before ? [] : after,
  );
  const aftermath = await writeMovements(tx, tallies, changed, newLeases);
  const grants = lines.map((line) => toGrant(line, aftermath.created));
  return { reply: { nowMs: Math.floor(nowMs), day: today, leases: grants }, lines, aftermath };
}

/**
 * A database that was restored knows less than gateways hold, and would give their leases' ids to others. Before it makes a lease
 * it goes on with ids that no gateway can have seen, and that all of them take for newer.
 */
async function leaveLostHistory(tx: QuotaTransaction, lines: readonly ReportLine[]): Promise<void> {
  const { held, ended } = foreignLeases(lines);
  if (held.length + ended.length > 0) await tx.skipLostLeaseIds(held, ended);
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
    if (isShort && statusOf(line) === "contended") {
      deps.recall({ owner: report.owner, meter: report.meter, reason: "tail" });
    }
  }
  return reply;
}

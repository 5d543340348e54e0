import type { LeaseReport, syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { z } from "zod";
import { type Bucket, type Counter, counterKey, keyOf } from "../domain/bucket.ts";
import type { Lease } from "../domain/lease.ts";
import {
  grantLine,
  noteAskers,
  noteExhaustion,
  openLines,
  outcomeOf,
  type ReportLine,
  settleLine,
  statusOf,
  toGrant,
} from "../domain/report-line.ts";
import { type AskedCounter, raisedOrLowered } from "../domain/planned-bucket.ts";
import { foreignLeases, lostLeases } from "../domain/lost-history.ts";
import { openTallies } from "../domain/tally.ts";
import { isServedDay } from "../domain/utc-day.ts";
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
  /** Ceilings that this message raised or lowered. */
  readonly moved: readonly Counter[];
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
    return { nowMs: Math.floor(clock.nowMs), day: clock.today, history: clock.serverStarted, leases: [] };
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

/** Today's, since that is what an answer is about when the day that was asked for is not served; and those of the days that requests name. */
function distinctCounters(reports: readonly LeaseReport[]): AskedCounter[] {
  const counters = new Map<string, AskedCounter>();
  for (const { owner, meter, ceiling, leaseId, forDay, told } of reports) {
    counters.set(counterKey({ owner, meter }), { owner, meter, ceiling });
    const day = leaseId === null ? forDay : told?.day;
    if (day !== undefined) counters.set(keyOf({ owner, meter, day }), { owner, meter, ceiling, forDay: day });
  }
  return [...counters.values()];
}

/** Of which a lease is asked for. */
const bucketsAsked = (reports: readonly LeaseReport[], today: string): ReadonlySet<string> =>
  new Set(
    reports
      .filter(({ leaseId }) => leaseId === null)
      .map(({ owner, meter, forDay = today }) => keyOf({ owner, meter, day: forDay })),
  );

/** Null when a bucket is still to be made. */
async function syncOnce(
  tx: QuotaTransaction,
  request: Request,
  counters: readonly AskedCounter[],
): Promise<Synced | null> {
  const leaseIds = request.leases.flatMap(({ leaseId }) => leaseId ?? []);
  const { buckets, today, nowMs, serverStarted } = await tx.lockBuckets(counters, leaseIds);
  if (today === null || nowMs === null || serverStarted === null) return null;
  const served = counters
    .map(({ owner, meter, forDay = today }) => ({ owner, meter, day: forDay }))
    .filter(({ day }) => isServedDay(day, { today, nowMs }));
  const found = new Set(buckets.map(keyOf));
  if (served.some((bucket) => !found.has(keyOf(bucket)))) return null;

  const moved = raisedOrLowered(buckets, counters, today);
  await tx.changeLimits(moved);
  const tallies = openTallies([...buckets, ...moved]);
  const asked = bucketsAsked(request.leases, today);
  const { leases: known, others } = await tx.readHeldLeases(
    request.gatewayId,
    leaseIds,
    served.map((bucket) => ({ ...bucket, asks: asked.has(keyOf(bucket)) })),
  );
  const open = buckets.filter(({ day }) => isServedDay(day, { today, nowMs }));
  const leases = [...known, ...(await recoverHistory(tx, request, known, open))];
  const shared = served.filter(({ owner }) => owner.startsWith("org:"));
  const draws = shared.length === 0 ? [] : await tx.readDraws(shared);
  const lines = openLines(request, { leases, others, tallies, draws, today, nowMs });
  const inserted = await tx.insertAdmitted(
    lines.flatMap(({ before, settles }) =>
      before === null || settles === null ? [] : { ...before, from: settles.from, to: settles.to },
    ),
  );
  for (const line of lines) settleLine(line, line.before === null ? 0 : (inserted.get(line.before.leaseId) ?? 0));
  noteAskers(lines);
  const newLeases = lines.flatMap((line) => grantLine(line, request.gatewayId) ?? []);
  for (const line of lines) noteExhaustion(line, today);

  const changed = lines.flatMap(({ before, after }) =>
    before === null || after === null || after === before ? [] : after,
  );
  const aftermath = await writeMovements(tx, tallies, changed, newLeases);
  const grants = lines.map((line) => toGrant(line, aftermath.created));
  const reply = { nowMs: Math.floor(nowMs), day: today, history: serverStarted, leases: grants };
  return { reply, lines, aftermath, moved };
}

/**
 * A database that was restored knows less than gateways hold, and would give their leases' ids to others. Before it makes a lease
 * it goes on with ids that no gateway can have seen, and that all of them take for newer. Leases of which it is told the last are made
 * again: returns them.
 */
async function recoverHistory(
  tx: QuotaTransaction,
  request: Request,
  known: readonly Lease[],
  served: readonly Bucket[],
): Promise<Lease[]> {
  const { held, ended } = foreignLeases(request, known);
  if (held.length + ended.length > 0) await tx.skipLostLeaseIds(held, ended);
  const lost = held.length === 0 ? [] : lostLeases(request, known, served);
  return lost.length === 0 ? [] : tx.remakeLeases(lost);
}

function conclude(deps: QuotaDeps, request: Request, { reply, lines, aftermath, moved }: Synced): Reply {
  announce(deps, aftermath);
  for (const { owner, meter } of moved) deps.recall({ owner, meter, reason: "limit_changed" });
  const { metrics, logger } = deps;
  const recovered = lines.filter(({ isLost }) => isLost).length;
  if (recovered > 0)
    logger.warn(
      { recovered, gatewayId: request.gatewayId },
      "the database has lost a part of its history: what a gateway knows of its leases was written again",
    );
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
    // Calls wait for today's tokens alone.
    const isToday = line.tally.bucket.day === reply.day;
    if (isShort && isToday && statusOf(line) === "contended") {
      deps.recall({ owner: report.owner, meter: report.meter, reason: "tail" });
    }
  }
  return reply;
}

import type { LeaseGrant } from "@topdog/contracts/rpc/sync-leases";
import type { QuotaSync, SyncReply } from "../clients/quota-sync.ts";
import type { Timers } from "../clients/timers.ts";
import type { SentReport } from "../domain/lease.ts";
import type { Slot } from "./lease-book.ts";
import { createDueReports } from "./due-reports.ts";
import { createOutage } from "./outage.ts";

/** A report and quota's answer to it. */
export interface Answered {
  readonly slot: Slot;
  readonly report: SentReport;
  readonly grant: LeaseGrant;
}

export interface ReportMessagesDeps {
  readonly gatewayId: string;
  readonly call: QuotaSync;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  /** The report of a bucket, made at the moment when its message leaves. */
  readonly reportOf: (slot: Slot, nowMs: number) => SentReport;
  /** Whether a bucket that is due has nothing to report any more. */
  readonly isOver: (slot: Slot) => boolean;
  /** `askedMs`: when the message left, on the monotonic clock. */
  readonly onReply: (reply: SyncReply, answered: readonly Answered[], askedMs: number) => void;
  readonly onSync: (outcome: "ok" | "failed", leases: number) => void;
  /** Once per outage. */
  readonly onFailure: (error: unknown) => void;
}

export interface ReportMessages {
  /** Puts a bucket's report into the next message, which leaves in this tick, or once its report under way is answered. */
  readonly add: (slot: Slot) => void;
  /** It must be reported, and is in no message yet. */
  readonly isWaiting: (slot: Slot) => boolean;
  /** A message without reports: it shows that this gateway is alive. */
  readonly heartbeat: () => void;
  /** When the newest message left, on the monotonic clock. */
  readonly lastMessageMs: () => number;
  /** The bus is back: what waits for the end of a back-off leaves now. */
  retryNow(): void;
  /** How long quota has not answered, in milliseconds; 0 while it does. */
  unreachableMs(): number;
  /** Cancels what waits for the end of a back-off. */
  stop(): void;
}

const maxLeasesPerMessage = 500;
const maxMessagesInFlight = 4;

interface Sent {
  readonly slot: Slot;
  readonly report: SentReport;
}

/**
 * Carries reports to quota: many buckets in a message, one report of a bucket under way at a time; later and smaller messages
 * while quota does not answer.
 */
export function createReportMessages(deps: ReportMessagesDeps): ReportMessages {
  const { monotonicMs, timers } = deps;
  const due = createDueReports(deps.isOver);
  const outage = createOutage(maxLeasesPerMessage);
  let messages = 0;
  let lastMessageMs = Number.NEGATIVE_INFINITY;
  let isScheduled = false;
  let cancelRetry: (() => void) | undefined;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    const waitMs = outage.waitMs(monotonicMs());
    if (waitMs > 0) cancelRetry = timers.after(waitMs, flush);
    else timers.soon(flush);
  }

  function flush(): void {
    isScheduled = false;
    while (messages < maxMessagesInFlight && due.count() > 0) {
      const batch = due.take(outage.maxBatch());
      if (batch.length > 0) void send(batch);
    }
  }

  async function send(batch: readonly Slot[]): Promise<void> {
    const nowMs = monotonicMs();
    const sent = new Set<Sent>(batch.map((slot) => ({ slot, report: deps.reportOf(slot, nowMs) })));
    messages += 1;
    lastMessageMs = nowMs;
    try {
      const leases = [...sent].map(({ report }) => report.report);
      accept(sent, await deps.call({ gatewayId: deps.gatewayId, leases }), nowMs);
      deps.onSync("ok", batch.length);
    } catch (error) {
      noteFailure(error, [...sent]);
      deps.onSync("failed", batch.length);
    } finally {
      messages -= 1;
      if (due.count() > 0) schedule();
    }
  }

  /** Takes what was answered, in its order, out of `sent`: what stays in it is reported again. */
  function accept(sent: Set<Sent>, reply: SyncReply, askedMs: number): void {
    const answered: Answered[] = [];
    for (const [index, one] of [...sent].entries()) {
      const grant = reply.leases[index];
      if (grant?.owner !== one.slot.lease.owner || grant.meter !== one.slot.lease.meter) continue;
      sent.delete(one);
      due.noteAnswered(one.slot);
      answered.push({ ...one, grant });
    }
    if (sent.size === 0) outage.noteAnswer();
    deps.onReply(reply, answered, askedMs);
    if (sent.size > 0) throw new Error("quota left reports of leases unanswered");
  }

  function noteFailure(error: unknown, unanswered: readonly Sent[]): void {
    if (outage.noteFailure(monotonicMs(), unanswered.length)) deps.onFailure(error);
    for (const { slot } of unanswered) due.noteUnanswered(slot);
  }

  return {
    add: (slot) => {
      if (due.add(slot)) schedule();
    },
    heartbeat: () => {
      if (messages < maxMessagesInFlight) void send([]);
    },
    lastMessageMs: () => lastMessageMs,
    isWaiting: (slot) => due.has(slot),
    retryNow: () => {
      outage.skipWait();
      timers.soon(flush);
    },
    unreachableMs: () => outage.durationMs(monotonicMs()),
    stop: () => cancelRetry?.(),
  };
}

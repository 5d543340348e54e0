import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { SyncReply } from "../clients/quota-sync.ts";
import type { Timers } from "../clients/timers.ts";
import { beginClose, mergeGrant, reportOf, type SentReport } from "../domain/lease.ts";
import { setByAnswer, todayAt, type QuotaClock } from "../domain/quota-clock.ts";
import { noteTaken } from "../domain/take-rate.ts";
import { isUrgent, wantOf } from "../domain/want.ts";
import type { AdmissionQueue } from "./admission-queue.ts";
import type { LeaseBook, Slot } from "./lease-book.ts";
import { startUpkeep, type Upkeep } from "./lease-upkeep.ts";
import { type Answered, createReportMessages, type ReportMessagesDeps } from "./report-messages.ts";
import { createUnreported } from "./unreported.ts";

export interface LeaseSyncDeps extends Omit<ReportMessagesDeps, "reportOf" | "onReply"> {
  readonly book: LeaseBook;
  readonly queue: AdmissionQueue;
  readonly clock: QuotaClock;
  /** Quota answered a message that left at `askedMs`. */
  readonly onHeard?: ((askedMs: number) => void) | undefined;
  /** Something else than leases is held that quota takes from a silent gateway. */
  readonly mustBeHeard?: (() => boolean) | undefined;
}

/**
 * Keeps leases in step with quota. Every number is absolute, so that a message that was lost, repeated or answered late is
 * corrected by the next one.
 */
export interface LeaseSync {
  start(): void;
  /** Reports a bucket to quota at once. */
  request(slot: Slot): void;
  /** Call it after each token taken: it reports and refills in time, and never waits. */
  noteUse(slot: Slot): void;
  /** Asks again, at most once a second, whether an exhausted bucket still is: a lost signal costs only that second. */
  revalidate(slot: Slot): void;
  /** The bus is back: what waits to be reported is sent at once, and quota learns that this gateway is alive. */
  resyncAll(): void;
  unreachableMs(): number;
  /** Gives every lease back and waits for quota's answer, `graceMs` at most. */
  closeAll(graceMs: number): Promise<void>;
}

const waitingRetryMs = 20;
const revalidateAfterMs = 1_000;
const closePollMs = 10;

interface OwnTimers {
  readonly after: (delayMs: number, work: () => void) => void;
  readonly cancelAll: () => void;
}

/** Timers that end with their owner. */
function ownTimers(timers: Timers): OwnTimers {
  const cancels = new Set<() => void>();
  return {
    after: (delayMs, work) => {
      const cancel = timers.after(delayMs, () => {
        cancels.delete(cancel);
        work();
      });
      cancels.add(cancel);
    },
    cancelAll: () => {
      for (const cancel of cancels) cancel();
    },
  };
}

export function createLeaseSync(deps: LeaseSyncDeps): LeaseSync {
  const { book, queue, clock, monotonicMs } = deps;
  const timers = ownTimers(deps.timers);
  const messages = createReportMessages({ ...deps, reportOf: prepareReport, onReply });
  const markDirty = createUnreported(timers.after, request);
  let upkeep: Upkeep | undefined;

  function request(slot: Slot): void {
    book.hold(slot);
    messages.add(slot);
  }

  function prepareReport(slot: Slot, nowMs: number): SentReport {
    slot.isDirty = false;
    slot.order += 1;
    // A lease ends with its day: at the latest at the first call of the next day, without waiting for the upkeep.
    if (slot.lease.leaseId !== null && slot.lease.day !== clock.today) beginClose(slot.lease);
    const want = wantOf(slot, queue.waitingAt(slot), clock.today, nowMs);
    if (want > 0) slot.lastUseMs = nowMs;
    return { order: slot.order, report: reportOf(slot.lease, want) };
  }

  function onReply(reply: SyncReply, answered: readonly Answered[], askedMs: number): void {
    deps.onHeard?.(askedMs);
    setByAnswer(clock, reply.nowMs, { askedMs, answeredMs: monotonicMs() });
    todayAt(clock, monotonicMs());
    for (const { slot, report, grant } of answered) mergeGrant(slot.lease, report, grant);
    for (const { slot, report } of answered) settle(slot, report.report);
  }

  /** After an answer: lets waiting calls try again in their order, then decides what to report next. */
  function settle(slot: Slot, reported: LeaseReport): void {
    const { lease } = slot;
    const isOtherLease = reported.leaseId !== lease.leaseId;
    if (isOtherLease && lease.leaseId !== null) upkeep?.watch(slot);
    queue.retryAt(slot, request);
    if (lease.closing || (!isOtherLease && lease.returned > reported.returned)) request(slot);
    else if (queue.waitingAt(slot) > 0) {
      if (isOtherLease || lease.used > lease.reported) request(slot);
      else timers.after(waitingRetryMs, () => request(slot));
    } else if (lease.used > lease.reported) markDirty(slot);
    else if (lease.leaseId === null && !messages.isWaiting(slot)) book.release(slot);
  }

  function close(slot: Slot): void {
    if (slot.lease.leaseId === null) return;
    beginClose(slot.lease);
    request(slot);
  }

  return {
    start: () => {
      const { heartbeat, lastMessageMs } = messages;
      upkeep = startUpkeep({ ...deps, after: timers.after, close, heartbeat, lastMessageMs });
    },
    request,
    noteUse: (slot) => {
      slot.lastUseMs = monotonicMs();
      noteTaken(slot.rate, slot.lastUseMs);
      if (isUrgent(slot, clock.today, slot.lastUseMs)) request(slot);
      else markDirty(slot);
    },
    revalidate: (slot) => {
      const nowMs = monotonicMs();
      if (nowMs - slot.lastRevalidateMs < revalidateAfterMs || slot.inFlight) return;
      slot.lastRevalidateMs = nowMs;
      request(slot);
    },
    resyncAll: () => {
      messages.heartbeat();
      messages.retryNow();
    },
    unreachableMs: () => messages.unreachableMs(),
    closeAll: async (graceMs) => {
      upkeep?.stop();
      const endMs = monotonicMs() + graceMs;
      messages.retryNow();
      const isOpen = (slot: Slot): boolean => slot.lease.leaseId !== null || slot.inFlight;
      while (monotonicMs() < endMs && [...book.held].some(isOpen)) {
        for (const slot of book.held) if (!slot.lease.closing) close(slot);
        await new Promise<void>((resolve) => timers.after(closePollMs, resolve));
      }
      messages.stop();
      timers.cancelAll();
    },
  };
}

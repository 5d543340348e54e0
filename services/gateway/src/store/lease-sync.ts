import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import type { SyncReply } from "../clients/quota-sync.ts";
import type { Timers } from "../clients/timers.ts";
import { beginClose, mergeGrant, reportOf, type SentReport, wasLostByQuota } from "../domain/lease.ts";
import { setByAnswer, todayAt, type QuotaClock } from "../domain/quota-clock.ts";
import { noteTaken } from "../domain/take-rate.ts";
import { isUrgent, wantOf } from "../domain/want.ts";
import type { AdmissionQueue } from "./admission-queue.ts";
import type { LeaseBook, Slot } from "./lease-book.ts";
import type { LeaseJournal } from "./lease-journal.ts";
import { startUpkeep, type Upkeep } from "./lease-upkeep.ts";
import { createLookAhead } from "./look-ahead.ts";
import { type Answered, createReportMessages, type ReportMessagesDeps } from "./report-messages.ts";
import { createUnreported } from "./unreported.ts";

export interface LeaseSyncDeps extends Omit<ReportMessagesDeps, "reportOf" | "onReply" | "isOver"> {
  readonly book: LeaseBook;
  readonly queue: AdmissionQueue;
  readonly clock: QuotaClock;
  /** Quota answered a message that left at `askedMs`, from this history. */
  readonly onHeard?: ((askedMs: number, history: string | undefined) => void) | undefined;
  /** Outlives this process. */
  readonly journal?: Pick<LeaseJournal, "note" | "forget"> | undefined;
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
/** Between two reports of everything that is held. */
const checkAllAfterMs = 2_000;
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

interface AnswerSigns {
  /** Quota ended a lease by itself, or does not know it, or knows less of it than it told. */
  readonly isLost: boolean;
  readonly history: string | undefined;
}

/**
 * Quota took this gateway for gone, or its database was started and may have gone back in time. What else is held may have ended too, and others
 * may be granted its tokens: asked now, and not with the next call of each.
 */
function checkOfAll({ book, monotonicMs }: LeaseSyncDeps, request: (slot: Slot) => void): (signs: AnswerSigns) => void {
  let checkedMs = Number.NEGATIVE_INFINITY;
  let known: string | undefined;
  return ({ isLost, history = known }) => {
    const isOther = known !== undefined && history !== known;
    known = history;
    const nowMs = monotonicMs();
    if (!isOther && (!isLost || nowMs - checkedMs < checkAllAfterMs)) return;
    checkedMs = nowMs;
    for (const slot of book.held) if (slot.lease.leaseId !== null) request(slot);
  };
}

/**
 * A slot without a lease whose place another has, or takes now, asks for none: it would be given the other's, and both would take its tokens. Calls that
 * still wait there go on in the other.
 */
function endReplaced(deps: LeaseSyncDeps, request: (slot: Slot) => void): (slot: Slot) => boolean {
  const { book, queue, clock, monotonicMs, journal } = deps;
  return (slot) => {
    if (slot.lease.leaseId !== null) return false;
    book.turnTo(slot, todayAt(clock, monotonicMs()));
    if (!slot.isReplaced) return false;
    queue.retryAt(slot, request);
    book.release(slot);
    journal?.forget(slot.lease);
    return true;
  };
}

const isOpen = ({ lease, inFlight }: Slot): boolean => lease.leaseId !== null || inFlight;

async function closeHeld(
  { book, monotonicMs }: LeaseSyncDeps,
  timers: OwnTimers,
  close: (slot: Slot) => void,
  graceMs: number,
): Promise<void> {
  const endMs = monotonicMs() + graceMs;
  while (monotonicMs() < endMs && book.held.values().some(isOpen)) {
    for (const slot of book.held) if (!slot.lease.closing) close(slot);
    await new Promise<void>((resolve) => timers.after(closePollMs, resolve));
  }
}

export function createLeaseSync(deps: LeaseSyncDeps): LeaseSync {
  const { book, queue, clock, monotonicMs } = deps;
  const timers = ownTimers(deps.timers);
  const isOver = endReplaced(deps, request);
  const messages = createReportMessages({ ...deps, reportOf: prepareReport, onReply, isOver });
  const markDirty = createUnreported(timers.after, request);
  const checkAll = checkOfAll(deps, request);
  const lookAhead = createLookAhead({ book, clock, request });
  let upkeep: Upkeep | undefined;

  function request(slot: Slot): void {
    book.hold(slot);
    messages.add(slot);
  }

  function prepareReport(slot: Slot, nowMs: number): SentReport {
    slot.isDirty = false;
    slot.order += 1;
    const day = slot.forDay ?? clock.today;
    // A lease ends with its day: at the latest at the first call of the next day, without waiting for the upkeep.
    if (slot.lease.leaseId !== null && slot.lease.day !== day) beginClose(slot.lease);
    const want = wantOf(slot, queue.waitingAt(slot), day, nowMs);
    if (want > 0) slot.lastUseMs = nowMs;
    deps.journal?.note(slot.lease, day);
    return { order: slot.order, report: reportOf(slot.lease, want, day) };
  }

  function onReply(reply: SyncReply, answered: readonly Answered[], askedMs: number): void {
    deps.onHeard?.(askedMs, reply.history);
    setByAnswer(clock, reply.nowMs, { askedMs, answeredMs: monotonicMs() });
    todayAt(clock, monotonicMs());
    const isLost = answered.some(({ slot, report, grant }) => wasLostByQuota(slot.lease, report, grant));
    for (const { slot, report, grant } of answered) mergeGrant(slot.lease, report, grant);
    for (const { slot, report } of answered) settle(slot, report.report);
    checkAll({ isLost, history: reply.history });
  }

  /** After an answer: lets waiting calls try again in their order, then decides what to report next. */
  function settle(slot: Slot, reported: LeaseReport): void {
    const { lease } = slot;
    const isOtherLease = reported.leaseId !== lease.leaseId;
    if (isOtherLease && lease.leaseId !== null) {
      upkeep?.watch(slot);
      // It may be of tomorrow: until its day a crash would burn a window of it.
      deps.journal?.note(lease);
    }
    queue.retryAt(slot, request);
    if (lease.closing || (!isOtherLease && lease.returned > reported.returned)) request(slot);
    else if (queue.waitingAt(slot) > 0) {
      const isOfOtherDay = reported.forDay !== undefined && reported.forDay !== clock.today;
      if (isOtherLease || isOfOtherDay || lease.used > lease.reported) request(slot);
      else timers.after(waitingRetryMs, () => request(slot));
    } else if (lease.used > lease.reported) markDirty(slot);
    else if (lease.leaseId === null && !messages.isWaiting(slot)) {
      book.release(slot);
      deps.journal?.forget(lease);
    }
  }

  function close(slot: Slot): void {
    beginClose(slot.lease);
    if (slot.lease.leaseId !== null) request(slot);
  }

  return {
    start: () => {
      // Also until quota answers again after it did not: an idle gateway would find that out by a call that it refuses.
      const mustBeHeard = (): boolean => messages.unreachableMs() > 0 || deps.mustBeHeard?.() === true;
      upkeep = startUpkeep({ ...deps, ...messages, after: timers.after, close, request, mustBeHeard });
    },
    request,
    noteUse: (slot) => {
      deps.journal?.note(slot.lease);
      slot.lastUseMs = monotonicMs();
      noteTaken(slot.rate, slot.lastUseMs);
      lookAhead(slot, slot.lastUseMs);
      if (isUrgent(slot, clock.today, slot.lastUseMs)) request(slot);
      else markDirty(slot);
    },
    revalidate: (slot) => {
      const nowMs = monotonicMs();
      if (nowMs - slot.lastRevalidateMs < revalidateAfterMs || slot.inFlight) return;
      slot.lastRevalidateMs = nowMs;
      lookAhead(slot, nowMs);
      request(slot);
    },
    resyncAll: () => {
      messages.heartbeat();
      messages.retryNow();
    },
    unreachableMs: () => messages.unreachableMs(),
    closeAll: async (graceMs) => {
      upkeep?.stop();
      messages.retryNow();
      await closeHeld(deps, timers, close, graceMs);
      messages.stop();
      timers.cancelAll();
    },
  };
}

import { todayAt, type QuotaClock } from "../domain/quota-clock.ts";
import { freeTokens, giveBack } from "../domain/lease.ts";
import { idleCloseMs, idleGiveBackMs } from "../domain/want.ts";
import type { AdmissionQueue } from "./admission-queue.ts";
import type { LeaseBook, Slot } from "./lease-book.ts";

export interface UpkeepDeps {
  readonly book: LeaseBook;
  readonly queue: AdmissionQueue;
  readonly clock: QuotaClock;
  readonly monotonicMs: () => number;
  readonly after: (delayMs: number, work: () => void) => void;
  readonly close: (slot: Slot) => void;
  /** Reports a bucket. */
  readonly request: (slot: Slot) => void;
  /** Tells quota that this gateway is alive, by a message without reports. */
  readonly heartbeat: () => void;
  readonly lastMessageMs: () => number;
  readonly mustBeHeard?: (() => boolean) | undefined;
}

export interface Upkeep {
  /** A lease was granted: it is checked again when it may be idle. */
  watch(slot: Slot): void;
  stop(): void;
}

const tickMs = 250;
const heartbeatMs = 1_500;
/** Leases of yesterday that are given back in one tick. */
const maxClosesPerTick = 500;

/**
 * Gives back what is idle or of yesterday, and tells quota that this gateway is alive. A tick visits only leases that are
 * due: each is checked once per idle time, and once when its day is over.
 */
export function startUpkeep(deps: UpkeepDeps): Upkeep {
  const { book, clock, monotonicMs } = deps;
  // All wait equally long, so the first of the queue is always the next one due.
  const idleChecks = new Map<Slot, number>();
  let day = "";
  let leftOfYesterday: Iterator<Slot> | null = null;
  let isStopped = false;

  function checkIdle(nowMs: number): void {
    for (const [slot, dueMs] of idleChecks) {
      if (dueMs > nowMs) return;
      idleChecks.delete(slot);
      if (slot.lease.leaseId === null) continue;
      const idleMs = deps.queue.waitingAt(slot) === 0 && !slot.lease.closing ? nowMs - slot.lastUseMs : 0;
      if (idleMs >= idleCloseMs) deps.close(slot);
      else if (idleMs >= idleGiveBackMs && freeTokens(slot.lease) > 0) {
        giveBack(slot.lease);
        deps.request(slot);
      }
      if (idleMs < idleCloseMs) idleChecks.set(slot, nowMs + idleGiveBackMs);
    }
  }

  function closeYesterdays(today: string): void {
    if (today !== day) {
      leftOfYesterday = day === "" ? null : book.held.values();
      day = today;
    }
    for (let closed = 0; leftOfYesterday !== null && closed < maxClosesPerTick; closed += 1) {
      const { done, value: slot } = leftOfYesterday.next();
      if (done === true) leftOfYesterday = null;
      else if (slot.lease.day !== today && !slot.lease.closing) deps.close(slot);
    }
  }

  function tick(): void {
    if (isStopped) return;
    const nowMs = monotonicMs();
    closeYesterdays(todayAt(clock, nowMs));
    checkIdle(nowMs);
    const mustBeHeard = book.held.size > 0 || deps.mustBeHeard?.() === true;
    if (mustBeHeard && nowMs - deps.lastMessageMs() >= heartbeatMs) deps.heartbeat();
    deps.after(tickMs, tick);
  }

  deps.after(tickMs, tick);
  return {
    watch: (slot) => {
      if (!idleChecks.has(slot)) idleChecks.set(slot, monotonicMs() + idleGiveBackMs);
    },
    stop: () => {
      isStopped = true;
    },
  };
}

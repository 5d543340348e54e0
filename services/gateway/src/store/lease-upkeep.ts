import { todayAt, type QuotaClock } from "../domain/quota-clock.ts";
import { idleCloseMs } from "../domain/want.ts";
import type { AdmissionQueue } from "./admission-queue.ts";
import type { LeaseBook, Slot } from "./lease-book.ts";

export interface UpkeepDeps {
  readonly book: LeaseBook;
  readonly queue: AdmissionQueue;
  readonly clock: QuotaClock;
  readonly monotonicMs: () => number;
  readonly after: (delayMs: number, work: () => void) => void;
  readonly isToBeReported: (slot: Slot) => boolean;
  readonly close: (slot: Slot) => void;
  readonly report: (slot: Slot) => void;
}

const sweepMs = 250;
const heartbeatMs = 1_500;

/** Gives back what is idle or of yesterday, and lets quota know that this gateway lives. Returns what stops it. */
export function startUpkeep(deps: UpkeepDeps): () => void {
  let isStopped = false;
  const again = (): void =>
    deps.after(sweepMs, () => {
      if (isStopped) return;
      sweep(deps);
      again();
    });
  again();
  return () => {
    isStopped = true;
  };
}

function sweep({ book, queue, clock, monotonicMs, isToBeReported, close, report }: UpkeepDeps): void {
  const nowMs = monotonicMs();
  const today = todayAt(clock, nowMs);
  for (const slot of book.held) {
    const { lease } = slot;
    const isWaitedFor = queue.waitingAt(slot) > 0;
    if (lease.leaseId === null) {
      if (!isWaitedFor && !slot.inFlight && !isToBeReported(slot)) book.release(slot);
      continue;
    }
    const isIdle = nowMs - slot.lastUseMs >= idleCloseMs && !isWaitedFor;
    if (!lease.closing && (isIdle || lease.day !== today)) close(slot);
    else if (nowMs - slot.lastSyncMs >= heartbeatMs) report(slot);
  }
}

import type { Meter } from "@topdog/contracts/quota";
import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Timers } from "../clients/timers.ts";
import { forgetStatus, giveBack } from "../domain/lease.ts";
import { newQuotaClock, type QuotaClock, todayAt } from "../domain/quota-clock.ts";
import { type AdmissionQueue, createAdmissionQueue } from "./admission-queue.ts";
import { createLeaseBook, type LeaseBook, type Slot } from "./lease-book.ts";
import { createLeaseSync, type LeaseSync, type LeaseSyncDeps } from "./lease-sync.ts";

/** This gateway's leases of all buckets, kept in step with quota. */
export interface QuotaLeases {
  readonly clock: QuotaClock;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  readonly queue: AdmissionQueue;
  readonly sync: LeaseSync;
  /** `member`: of an org's bucket, for whom its tokens are. */
  slot(owner: string, meter: Meter, member?: string): Slot;
  /** Undefined when nothing is known of that bucket. */
  find(owner: string, meter: Meter, member?: string): Slot | undefined;
  heldLeases(): number;
  recall(signal: QuotaRecalled): void;
}

export type QuotaLeasesDeps = Omit<LeaseSyncDeps, "book" | "queue" | "clock"> & { readonly maxBuckets: number };

/** For this long after a recall nothing is refilled before calls need it: the tokens are for whoever had them recalled. */
const recallPauseMs = 100;

export function createQuotaLeases(deps: QuotaLeasesDeps): QuotaLeases {
  const { monotonicMs, timers } = deps;
  const clock = newQuotaClock();
  const queue = createAdmissionQueue();
  const book: LeaseBook = createLeaseBook({ maxSlots: deps.maxBuckets, onEvicted: (slot) => sync.request(slot) });
  const sync = createLeaseSync({ ...deps, book, queue, clock });

  /** The slot of today: from the first use of the day on that is the one that was ahead. */
  const turned = (slot: Slot): Slot => {
    if (slot.ahead === null) return slot;
    const current = book.turnTo(slot, todayAt(clock, monotonicMs()));
    if (current !== slot) sync.request(slot);
    return current;
  };

  return {
    clock,
    monotonicMs,
    timers,
    queue,
    sync,
    slot: (owner, meter, member) => turned(book.slot(owner, meter, member)),
    find: (owner, meter, member) => book.find(owner, meter, member),
    heldLeases: () => book.held.size,
    recall: ({ owner, meter, reason }) => {
      const slots = book.slotsOf(owner, meter).map(turned);
      // A changed limit is the next day's too; what is short is short today.
      const ahead = reason === "limit_changed" ? slots.flatMap((slot) => slot.ahead ?? []) : [];
      for (const slot of [...slots, ...ahead]) {
        const { lease } = slot;
        if (reason === "limit_changed") forgetStatus(lease);
        else slot.recalledUntilMs = monotonicMs() + recallPauseMs;
        if (lease.leaseId === null) continue;
        giveBack(lease);
        sync.request(slot);
      }
    },
  };
}

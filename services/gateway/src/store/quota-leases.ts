import type { Meter } from "@topdog/contracts/quota";
import type { QuotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { Timers } from "../clients/timers.ts";
import { forgetStatus, giveBack } from "../domain/lease.ts";
import { newQuotaClock, type QuotaClock } from "../domain/quota-clock.ts";
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
  slot(owner: string, meter: Meter): Slot;
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

  return {
    clock,
    monotonicMs,
    timers,
    queue,
    sync,
    slot: (owner, meter) => book.slot(owner, meter),
    heldLeases: () => book.held.size,
    recall: ({ owner, meter, reason }) => {
      const slot = book.find(owner, meter);
      if (slot === undefined) return;
      const { lease } = slot;
      if (reason === "limit_changed") forgetStatus(lease);
      else slot.recalledUntilMs = monotonicMs() + recallPauseMs;
      if (lease.leaseId === null) return;
      giveBack(lease);
      sync.request(slot);
    },
  };
}

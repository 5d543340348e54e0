import type { Meter } from "@topdog/contracts/quota";
import type { quotaRecalled } from "@topdog/contracts/signals/quota-recalled";
import type { z } from "zod";
import { forgetVerdict, giveBack } from "../domain/lease.ts";
import { newQuotaClock, type QuotaClock } from "../domain/quota-clock.ts";
import { createLeaseBook, type LeaseBook, type Slot } from "./lease-book.ts";
import { LeaseSync, type LeaseSyncDeps } from "./lease-sync.ts";

/** What this gateway holds of every bucket it serves, kept in step with quota. */
export interface QuotaLeases {
  readonly clock: QuotaClock;
  readonly monotonicMs: () => number;
  readonly sync: LeaseSync;
  slot(owner: string, meter: Meter): Slot;
  heldLeases(): number;
  recall(signal: z.infer<typeof quotaRecalled.schema>): void;
}

export type QuotaLeasesDeps = Omit<LeaseSyncDeps, "book" | "clock"> & { readonly maxBuckets: number };

/** After a recall the tail belongs to whoever asked for it: no refill ahead of demand for so long. */
const recallPauseMs = 100;

export function createQuotaLeases(deps: QuotaLeasesDeps): QuotaLeases {
  const clock = newQuotaClock();
  const book: LeaseBook = createLeaseBook({ maxSlots: deps.maxBuckets, onEvicted: (slot) => sync.request(slot) });
  const sync = new LeaseSync({ ...deps, book, clock });

  return {
    clock,
    monotonicMs: deps.monotonicMs,
    sync,
    slot: (owner, meter) => book.slot(owner, meter),
    heldLeases: () => book.held.size,
    recall: ({ owner, meter, reason }) => {
      const slot = book.find(owner, meter);
      if (slot === undefined) return;
      const { lease } = slot;
      if (reason === "limit_changed") forgetVerdict(lease);
      else slot.recalledUntilMs = deps.monotonicMs() + recallPauseMs;
      if (lease.leaseId === null) return;
      giveBack(lease);
      sync.request(slot);
    },
  };
}

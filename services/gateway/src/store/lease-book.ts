import { LRUCache } from "lru-cache";
import type { Meter } from "@topdog/contracts/quota";
import { beginClose, newLease } from "../domain/lease.ts";
import { newTakeRate } from "../domain/take-rate.ts";
import type { BucketUse } from "../domain/want.ts";

/** One bucket as this process knows it, and the state of its reports. */
export interface Slot extends BucketUse {
  readonly key: string;
  /** Rises with every report. */
  order: number;
  /** A report is under way. */
  inFlight: boolean;
  /** It must be reported again once the report that is under way is answered. */
  isDue: boolean;
  /** A token was taken that is in no report yet. */
  isDirty: boolean;
  lastUseMs: number;
  lastRevalidateMs: number;
  recalledUntilMs: number;
}

export interface LeaseBook {
  slot(owner: string, meter: Meter): Slot;
  find(owner: string, meter: Meter): Slot | undefined;
  /** Slots with a lease, a waiting call or a report under way. */
  readonly held: Set<Slot>;
  hold(slot: Slot): void;
  release(slot: Slot): void;
}

const keyOf = (owner: string, meter: Meter): string => `${meter}|${owner}`;

const newSlot = (key: string, owner: string, meter: Meter): Slot => ({
  key,
  lease: newLease(owner, meter),
  rate: newTakeRate(),
  order: 0,
  inFlight: false,
  isDue: false,
  isDirty: false,
  lastUseMs: Number.NEGATIVE_INFINITY,
  lastRevalidateMs: Number.NEGATIVE_INFINITY,
  recalledUntilMs: Number.NEGATIVE_INFINITY,
});

/** Keeps at most `maxSlots` buckets; one that is evicted while it holds a lease is closed first: `onEvicted` does that. */
export function createLeaseBook({
  maxSlots,
  onEvicted,
}: {
  maxSlots: number;
  onEvicted: (slot: Slot) => void;
}): LeaseBook {
  const held = new Set<Slot>();
  // Evicted, but its lease has not ended: it must stay this slot, or two slots would count the same lease's seqs.
  const leaving = new Map<string, Slot>();
  const slots = new LRUCache<string, Slot>({
    max: maxSlots,
    dispose: (slot, key, reason) => {
      if (reason !== "evict" || !held.has(slot)) return;
      leaving.set(key, slot);
      beginClose(slot.lease);
      onEvicted(slot);
    },
  });

  return {
    held,
    slot: (owner, meter) => {
      const key = keyOf(owner, meter);
      const known = slots.get(key);
      if (known !== undefined) return known;
      const slot = leaving.get(key) ?? newSlot(key, owner, meter);
      leaving.delete(key);
      slots.set(key, slot);
      return slot;
    },
    find: (owner, meter) => slots.peek(keyOf(owner, meter)) ?? leaving.get(keyOf(owner, meter)),
    hold: (slot) => void held.add(slot),
    release: (slot) => {
      held.delete(slot);
      if (leaving.get(slot.key) === slot) leaving.delete(slot.key);
    },
  };
}

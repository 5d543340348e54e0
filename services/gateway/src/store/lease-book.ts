import { LRUCache } from "lru-cache";
import type { Meter } from "@topdog/contracts/quota";
import { beginClose, type HeldLease, newestId, newLease } from "../domain/lease.ts";
import { newTakeRate } from "../domain/take-rate.ts";
import type { BucketUse } from "../domain/want.ts";

/** One bucket as this process knows it, and the state of its reports. */
export interface Slot extends BucketUse {
  /** Of the bucket, whichever day its lease is of. */
  readonly key: string;
  /** Of the next day, from shortly before midnight on; it takes this slot's place when that day has come. */
  ahead: Slot | null;
  /** The newest day of which a lease was asked for ahead. */
  aheadFor: string;
  /** Of a slot that is ahead: its day, and whose place it takes. */
  forDay: string | null;
  aheadOf: Slot | null;
  /** Another slot took its place: it ends what it holds, and asks for nothing. */
  isReplaced: boolean;
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
  slot(owner: string, meter: Meter, member?: string | null): Slot;
  /** Undefined when nothing is known of it. */
  find(owner: string, meter: Meter, member?: string | null): Slot | undefined;
  /** All slots of a bucket: of an org's there is one for each member. */
  slotsOf(owner: string, meter: Meter): readonly Slot[];
  /** Slots with a lease, a waiting call or a report under way. */
  readonly held: Set<Slot>;
  hold(slot: Slot): void;
  release(slot: Slot): void;
  /** A slot beside this one for the tokens of the next day. */
  openAhead(slot: Slot, day: string): Slot;
  /** The slot that serves a day: the one that is ahead when its day has come, else the same. */
  turnTo(slot: Slot, today: string): Slot;
}

const bucketKey = (owner: string, meter: Meter): string => `${meter}|${owner}`;

const slotKey = (owner: string, meter: Meter, member: string | null): string =>
  member === null ? bucketKey(owner, meter) : `${bucketKey(owner, meter)}|${member}`;

const newSlot = (key: string, lease: HeldLease): Slot => ({
  key,
  ahead: null,
  aheadFor: "",
  forDay: null,
  aheadOf: null,
  isReplaced: false,
  lease,
  rate: newTakeRate(),
  order: 0,
  inFlight: false,
  isDue: false,
  isDirty: false,
  lastUseMs: Number.NEGATIVE_INFINITY,
  lastRevalidateMs: Number.NEGATIVE_INFINITY,
  recalledUntilMs: Number.NEGATIVE_INFINITY,
});

/** The slots of each org's bucket: a recall is about all of its members. */
function createMemberIndex() {
  const slotsOf = new Map<string, Set<Slot>>();
  const keyOf = ({ lease }: Slot): string => bucketKey(lease.owner, lease.meter);
  return {
    of: (key: string): Iterable<Slot> => slotsOf.get(key) ?? [],
    add: (slot: Slot): void => {
      if (slot.lease.member === null) return;
      slotsOf.set(keyOf(slot), (slotsOf.get(keyOf(slot)) ?? new Set()).add(slot));
    },
    remove: (slot: Slot): void => {
      const others = slotsOf.get(keyOf(slot));
      if (others?.delete(slot) === true && others.size === 0) slotsOf.delete(keyOf(slot));
    },
  };
}

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
  const members = createMemberIndex();
  const slots = new LRUCache<string, Slot>({
    max: maxSlots,
    dispose: (slot, key, reason) => {
      if (reason !== "evict") return;
      const { ahead } = slot;
      if (!held.has(slot) && ahead === null) return members.remove(slot);
      leaving.set(key, slot);
      for (const one of ahead === null ? [slot] : [slot, ahead]) {
        if (!held.has(one)) continue;
        beginClose(one.lease);
        onEvicted(one);
      }
    },
  });
  /** Evicted, and nothing of it is left. */
  const leave = (slot: Slot): void => {
    if (leaving.get(slot.key) !== slot || held.has(slot) || slot.ahead !== null) return;
    leaving.delete(slot.key);
    members.remove(slot);
  };

  return {
    held,
    slot: (owner, meter, member = null) => {
      const key = slotKey(owner, meter, member);
      const known = slots.get(key);
      if (known !== undefined) return known;
      const slot = leaving.get(key) ?? newSlot(key, newLease(owner, meter, member));
      leaving.delete(key);
      slots.set(key, slot);
      members.add(slot);
      return slot;
    },
    find: (owner, meter, member = null) => {
      const key = slotKey(owner, meter, member);
      return slots.peek(key) ?? leaving.get(key);
    },
    slotsOf: (owner, meter) => {
      const key = bucketKey(owner, meter);
      const slot = slots.peek(key) ?? leaving.get(key);
      return [...(slot === undefined ? [] : [slot]), ...members.of(key)];
    },
    hold: (slot) => void held.add(slot),
    release: (slot) => {
      held.delete(slot);
      const { aheadOf } = slot;
      if (aheadOf?.ahead === slot) {
        aheadOf.ahead = null;
        leave(aheadOf);
      }
      leave(slot);
    },
    openAhead: (slot, day) => {
      const { owner, meter, member, ceiling } = slot.lease;
      const ahead = newSlot(slot.key, newLease(owner, meter, member));
      ahead.lease.ceiling = ceiling;
      ahead.lease.retiredId = newestId(slot.lease);
      Object.assign(ahead.rate, slot.rate);
      Object.assign(ahead, { forDay: day, aheadOf: slot });
      Object.assign(slot, { ahead, aheadFor: day });
      return ahead;
    },
    turnTo: (slot, today) => {
      const { ahead } = slot;
      if (ahead?.forDay !== today) return slot;
      slot.ahead = ahead.aheadOf = ahead.forDay = null;
      slot.isReplaced = true;
      // The leases of the slot before end there: they must never be taken for new ones here.
      ahead.lease.retiredId = newestId({ leaseId: newestId(slot.lease), retiredId: ahead.lease.retiredId });
      slots.set(slot.key, ahead);
      members.remove(slot);
      members.add(ahead);
      return ahead;
    },
  };
}

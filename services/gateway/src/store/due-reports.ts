import type { Slot } from "./lease-book.ts";

/** Buckets that must be reported. Of one bucket at most one report is under way. */
export interface DueReports {
  /** False when the bucket's report is under way: it is reported again once that is answered. */
  add(slot: Slot): boolean;
  /** It must be reported, and is in no message yet. */
  has(slot: Slot): boolean;
  count(): number;
  /** The first `most` that were added and still have something to report; from here on their reports are under way. */
  take(most: number): Slot[];
  noteAnswered(slot: Slot): void;
  /** The bucket is reported once more. */
  noteUnanswered(slot: Slot): void;
}

/** `isOver`: whether a bucket has nothing to report any more, now that its turn has come. */
export function createDueReports(isOver: (slot: Slot) => boolean): DueReports {
  const due = new Set<Slot>();
  return {
    add: (slot) => {
      if (slot.inFlight) slot.isDue = true;
      else due.add(slot);
      return !slot.inFlight;
    },
    has: (slot) => slot.isDue || due.has(slot),
    count: () => due.size,
    take: (most) => {
      const taken: Slot[] = [];
      for (const slot of due) {
        if (taken.length === most) break;
        due.delete(slot);
        if (isOver(slot)) continue;
        slot.inFlight = true;
        taken.push(slot);
      }
      return taken;
    },
    noteAnswered: (slot) => {
      slot.inFlight = false;
      if (slot.isDue) due.add(slot);
      slot.isDue = false;
    },
    noteUnanswered: (slot) => {
      slot.inFlight = slot.isDue = false;
      due.add(slot);
    },
  };
}

import type { Slot } from "./lease-book.ts";

/** Buckets whose report is to be told. Of one bucket at most one report is under way. */
export interface DueReports {
  /** False when the bucket's report is under way: it is told again once that is answered. */
  add(slot: Slot): boolean;
  /** To be told, and not yet in a message. */
  has(slot: Slot): boolean;
  count(): number;
  /** The first `most` that came; from here on their reports are under way. */
  take(most: number): Slot[];
  noteAnswered(slot: Slot): void;
  /** The report is told once more. */
  noteUnanswered(slot: Slot): void;
}

export function createDueReports(): DueReports {
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
      const taken = due.values().take(most).toArray();
      for (const slot of taken) {
        due.delete(slot);
        slot.inFlight = true;
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

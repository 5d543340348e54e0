import type { Slot } from "./lease-book.ts";

const reportAfterMs = 200;

/** Gathers buckets with unreported tokens, and reports them together after 200 ms. */
export function createUnreported(
  after: (delayMs: number, work: () => void) => void,
  report: (slot: Slot) => void,
): (slot: Slot) => void {
  let gathered: Slot[] = [];
  const reportAll = (): void => {
    const due = gathered;
    gathered = [];
    // The others were in a report that was sent meanwhile.
    for (const slot of due) if (slot.isDirty) report(slot);
  };
  return (slot) => {
    if (slot.isDirty) return;
    slot.isDirty = true;
    if (gathered.length === 0) after(reportAfterMs, reportAll);
    gathered.push(slot);
  };
}

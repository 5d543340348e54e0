import type { Slot } from "./lease-book.ts";

const reportAfterMs = 200;

/** Gathers buckets with tokens that no report has told of, and reports them together after 200 ms. */
export function createUnreported(
  after: (delayMs: number, work: () => void) => void,
  report: (slot: Slot) => void,
): (slot: Slot) => void {
  let gathered: Slot[] = [];
  const reportAll = (): void => {
    const due = gathered;
    gathered = [];
    // Others went out with a report that left meanwhile.
    for (const slot of due) if (slot.isDirty) report(slot);
  };
  return (slot) => {
    if (slot.isDirty) return;
    slot.isDirty = true;
    if (gathered.length === 0) after(reportAfterMs, reportAll);
    gathered.push(slot);
  };
}

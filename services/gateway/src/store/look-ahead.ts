import { nextDayWithin, type QuotaClock } from "../domain/quota-clock.ts";
import type { LeaseBook, Slot } from "./lease-book.ts";

/** Before midnight, spread over the callers so that they do not all ask at once. */
const firstAheadMs = 60_000;
const lastAheadMs = 15_000;

export interface LookAheadDeps {
  readonly book: Pick<LeaseBook, "openAhead">;
  readonly clock: QuotaClock;
  /** Reports a bucket. */
  readonly request: (slot: Slot) => void;
}

/** Shortly before midnight who makes calls is given a lease of the next day: so that midnight costs them no hop. */
export function createLookAhead({ book, clock, request }: LookAheadDeps): (slot: Slot, nowMs: number) => void {
  return (slot, nowMs) => {
    const day = nextDayWithin(clock, nowMs, firstAheadMs);
    if (day === null || slot.aheadFor === day) return;
    const dueMs = lastAheadMs + spreadOf(slot.lease.owner) * (firstAheadMs - lastAheadMs);
    if (nextDayWithin(clock, nowMs, dueMs) !== null) request(book.openAhead(slot, day));
  };
}

const spreadSteps = 1_009;

/** From 0 to 1, always the same for an owner. */
function spreadOf(owner: string): number {
  let hash = 0;
  for (let index = 0; index < owner.length; index += 1) hash = (hash * 31 + owner.charCodeAt(index)) % spreadSteps;
  return hash / spreadSteps;
}

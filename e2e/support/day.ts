import { adminQuery, type LedgerAccess } from "./ledger.ts";

const dayMs = 86_400_000;
/** Longer than any suite takes. */
const suiteMs = 1_800_000;

/** The database's clock, as quota reads it, is so far ahead. */
export async function setClockAhead(quota: LedgerAccess, aheadMs: number): Promise<void> {
  await adminQuery(
    quota,
    `create or replace function utc_now() returns timestamptz language sql volatile
     as $$ select clock_timestamp() + interval '${Math.round(aheadMs)} ms' $$`,
  );
}

/**
 * A platform that starts shortly before midnight starts in the next day: what a suite counts is of one day. Returns how far ahead it is. Not for
 * pages: a browser asks for the history of its own day.
 */
export async function beginDay(quota: LedgerAccess): Promise<number> {
  const leftMs = dayMs - (Date.now() % dayMs);
  if (leftMs > suiteMs) return 0;
  await setClockAhead(quota, leftMs);
  return leftMs;
}

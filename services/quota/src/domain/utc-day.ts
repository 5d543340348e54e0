const dayMs = 86_400_000;

/** When the limits of a day are replaced by the next day's: 00:00 UTC. */
export const endOfDay = (day: string): string => new Date(Date.parse(day) + dayMs).toISOString();

/** Days of a range, both ends counted; 0 or less when it runs backwards, NaN for a day that does not exist. */
export const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / dayMs + 1;

/** Leases of the next day are made so long before it begins. */
const aheadMs = 120_000;

/** Whether leases of a day are made now, by the database's clock: its today, and shortly before midnight its tomorrow. */
export function isServedDay(
  day: string,
  { today, nowMs }: { readonly today: string; readonly nowMs: number },
): boolean {
  if (day === today) return true;
  const startsMs = Date.parse(day);
  return startsMs === Date.parse(today) + dayMs && startsMs - nowMs <= aheadMs;
}

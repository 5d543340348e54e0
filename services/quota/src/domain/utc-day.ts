const dayMs = 86_400_000;

/** When the limits of a day are replaced by the next day's: 00:00 UTC. */
export const endOfDay = (day: string): string => new Date(Date.parse(day) + dayMs).toISOString();

/** Days of a range, both ends counted; 0 or less when it runs backwards, NaN for a day that does not exist. */
export const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / dayMs + 1;

export interface Recurrence {
  readonly interval: string;
  readonly interval_count: number;
}

const daySeconds = 86_400;

/** `count` months after an anchor: the same day and time, or the month's last day when it is shorter (UTC). */
export function addMonths(anchorSeconds: number, count: number): number {
  const anchor = new Date(anchorSeconds * 1000);
  const month = anchor.getUTCMonth() + count;
  const lastDay = new Date(Date.UTC(anchor.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const midnight = Date.UTC(anchor.getUTCFullYear(), month, Math.min(anchor.getUTCDate(), lastDay));
  return Math.floor(midnight / 1000) + (anchorSeconds % daySeconds);
}

/** The `steps`-th border of a period counted from the anchor: 31 January, 28 February, 31 March. */
export function periodBorder(anchorSeconds: number, { interval, interval_count }: Recurrence, steps: number): number {
  const count = steps * interval_count;
  if (interval === "month") return addMonths(anchorSeconds, count);
  if (interval === "year") return addMonths(anchorSeconds, 12 * count);
  return anchorSeconds + count * daySeconds * (interval === "week" ? 7 : 1);
}

const nominalSeconds = (recurrence: Recurrence): number => periodBorder(0, recurrence, 1);

/** The period, counted from the anchor, that holds a moment. */
export function periodAt(
  anchorSeconds: number,
  recurrence: Recurrence,
  atSeconds: number,
): { start: number; end: number } {
  let step = Math.floor((atSeconds - anchorSeconds) / nominalSeconds(recurrence));
  while (periodBorder(anchorSeconds, recurrence, step) > atSeconds) step -= 1;
  while (periodBorder(anchorSeconds, recurrence, step + 1) <= atSeconds) step += 1;
  return {
    start: periodBorder(anchorSeconds, recurrence, step),
    end: periodBorder(anchorSeconds, recurrence, step + 1),
  };
}

/** Rounds half away from zero, so that what is given back equals what was taken. */
export function shareOf(cents: number, part: number, whole: number): number {
  if (whole <= 0) return 0;
  const rounded = Number((2n * BigInt(Math.abs(cents)) * BigInt(part) + BigInt(whole)) / (2n * BigInt(whole)));
  return cents < 0 ? -rounded : rounded;
}

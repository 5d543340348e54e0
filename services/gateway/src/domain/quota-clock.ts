/**
 * The quota day, by the database's clock in quota's answers and our monotonic clock in between: this machine's wall
 * clock is never used. It only moves forward, so a late answer from before midnight cannot bring yesterday back.
 */
export interface QuotaClock {
  /** Database time minus monotonic time, milliseconds. */
  offsetMs: number;
  today: string;
  /** Midnight UTC after `today`, Unix milliseconds by the database. */
  dayEndsMs: number;
}

const dayMs = 86_400_000;
const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10);

/** It has no day until the first answer. */
export function newQuotaClock(): QuotaClock {
  return { offsetMs: 0, today: "", dayEndsMs: Number.NEGATIVE_INFINITY };
}

function moveTo(clock: QuotaClock, unixMs: number): void {
  const dayEndsMs = (Math.floor(unixMs / dayMs) + 1) * dayMs;
  if (dayEndsMs <= clock.dayEndsMs) return;
  clock.dayEndsMs = dayEndsMs;
  clock.today = dayOf(unixMs);
}

/** Sets the clock by an answer of quota that arrived at `monotonicMs`. */
export function setByAnswer(clock: QuotaClock, databaseNowMs: number, monotonicMs: number): void {
  clock.offsetMs = databaseNowMs - monotonicMs;
  moveTo(clock, databaseNowMs);
}

/** The UTC day; "" before the first answer. */
export function todayAt(clock: QuotaClock, monotonicMs: number): string {
  const nowMs = clock.offsetMs + monotonicMs;
  if (clock.today !== "" && nowMs >= clock.dayEndsMs) moveTo(clock, nowMs);
  return clock.today;
}

/** Whole seconds, rounded up, until the limits reset; at least 1. */
export function secondsToReset(clock: QuotaClock, monotonicMs: number): number {
  if (clock.today === "") return 1;
  return Math.max(1, Math.ceil((clock.dayEndsMs - clock.offsetMs - monotonicMs) / 1000));
}

/** When the limits reset, ISO 8601. */
export function resetTime(clock: QuotaClock): string {
  return new Date(clock.dayEndsMs).toISOString().replace(".000Z", "Z");
}

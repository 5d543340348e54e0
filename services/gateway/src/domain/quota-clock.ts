/**
 * The quota day, by the database's clock in quota's answers and our monotonic clock in between: this machine's wall
 * clock is never used. The newest question's answer decides, so a late one from before midnight cannot bring yesterday back,
 * and a database whose clock was wrong for a while is followed back. A lease carries its own day: a wrong one sells nothing twice.
 */
export interface QuotaClock {
  /** When the newest question that was answered left, on the monotonic clock. */
  askedMs: number;
  /** Database time minus monotonic time, milliseconds. */
  offsetMs: number;
  today: string;
  /** Midnight UTC after `today`, Unix milliseconds by the database. */
  dayEndsMs: number;
}

const dayMs = 86_400_000;
/** An answer may take so long to arrive that the new day has begun here meanwhile. */
const backwardSlackMs = 10_000;
const dayOf = (unixMs: number): string => new Date(unixMs).toISOString().slice(0, 10);

/** It has no day until the first answer. */
export function newQuotaClock(): QuotaClock {
  return { askedMs: Number.NEGATIVE_INFINITY, offsetMs: 0, today: "", dayEndsMs: Number.NEGATIVE_INFINITY };
}

function moveTo(clock: QuotaClock, unixMs: number): void {
  const dayEndsMs = (Math.floor(unixMs / dayMs) + 1) * dayMs;
  const isJustBeforeMidnight = dayEndsMs < clock.dayEndsMs && clock.dayEndsMs - dayMs - unixMs < backwardSlackMs;
  if (dayEndsMs === clock.dayEndsMs || isJustBeforeMidnight) return;
  clock.dayEndsMs = dayEndsMs;
  clock.today = dayOf(unixMs);
}

/** An answer of quota: on the monotonic clock, when its question left and when it arrived. */
export interface AnswerTimes {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** Sets the clock by an answer, unless a newer question has been answered. */
export function setByAnswer(clock: QuotaClock, databaseNowMs: number, { askedMs, answeredMs }: AnswerTimes): void {
  if (askedMs < clock.askedMs) return;
  clock.askedMs = askedMs;
  clock.offsetMs = databaseNowMs - answeredMs;
  moveTo(clock, databaseNowMs);
}

/** The UTC day; "" before the first answer. */
export function todayAt(clock: QuotaClock, monotonicMs: number): string {
  const nowMs = clock.offsetMs + monotonicMs;
  if (clock.today !== "" && nowMs >= clock.dayEndsMs) moveTo(clock, nowMs);
  return clock.today;
}

/** The day after today, once it begins within so many milliseconds; null before that. */
export function nextDayWithin(clock: QuotaClock, monotonicMs: number, ms: number): string | null {
  const leftMs = clock.dayEndsMs - clock.offsetMs - monotonicMs;
  return leftMs > 0 && leftMs <= ms ? dayOf(clock.dayEndsMs) : null;
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

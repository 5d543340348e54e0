import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import { type AttemptLimit, countAttempt, forgiveAttempt } from "../store/attempts.ts";

const quarterHourMs = 15 * 60_000;
const hourMs = 60 * 60_000;

/** From one address few guesses at one account; from all addresses together more, so that a stranger cannot lock its owner out soon. */
export const guessLimits = (account: string, address: string): AttemptLimit[] => [
  { of: `guess at ${account} from ${address}`, max: 10, windowMs: quarterHourMs },
  { of: `guess at ${account}`, max: 100, windowMs: quarterHourMs },
  { of: `guess from ${address}`, max: 100, windowMs: quarterHourMs },
];

export const mailLimits = (email: string, address: string): AttemptLimit[] => [
  { of: `mail to ${email}`, max: 5, windowMs: hourMs },
  { of: `mail from ${address}`, max: 30, windowMs: hourMs },
];

/**
 * Counts an attempt before it is made, so that many at once are counted too. Throws AppError 429. It is the same for an account that does not exist.
 */
export async function limitAttempts(db: Database, limits: readonly AttemptLimit[], nowMs: number): Promise<void> {
  for (const limit of limits) {
    const waitMs = await countAttempt(db, limit, nowMs);
    if (waitMs > 0) throw new AppError("too_many_attempts", { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
}

export async function forgiveAttempts(db: Database, limits: readonly AttemptLimit[]): Promise<void> {
  for (const limit of limits) await forgiveAttempt(db, limit);
}

import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { acceptedStep } from "../store/totp-code.ts";
import { hashKey } from "../store/key-material.ts";
import { findTotp, takeStep, useRecoveryCode } from "../store/totp.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { read } from "./change.ts";
import { limitAttempts } from "./limit-attempts.ts";

const codeLimit = { max: 10, windowMs: 15 * 60_000 };

/** When the second factor was shown; null for a user who has none. Throws AppError 401 or 429. */
export async function checkSecondFactor(
  deps: AuthDeps,
  userId: string,
  code: string | undefined,
): Promise<Date | null> {
  const totp = await read(deps.db, { userId }, (trx) => findTotp(trx, userId));
  if (totp === null || totp.confirmedAt === null) return null;
  if (code === undefined) throw new AppError("second_factor_required");
  if (!(await isCodeRight(deps, userId, code))) throw new AppError("wrong_code");
  return new Date(deps.nowMs());
}

/** A factor that was taken away while its code was checked is none by now: the caller holds the user. Throws AppError 401. */
export async function requireFactor(trx: Transaction, userId: string, shownAt: Date | null): Promise<void> {
  if (shownAt !== null && (await findTotp(trx, userId)) === null) throw new AppError("wrong_code");
}

/** Accepts a code of the app, or a recovery code, once. */
export async function isCodeRight(deps: AuthDeps, userId: string, code: string): Promise<boolean> {
  const { db, nowMs, totpSecrets } = deps;
  await limitAttempts(db, [{ of: `code of ${userId}`, ...codeLimit }], nowMs());
  const totp = await read(db, { userId }, (trx) => findTotp(trx, userId));
  if (totp === null) return false;
  const step = acceptedStep(await totpSecrets.open(totp.secret, userId), code, nowMs());
  // A statement that changes a row only when the code was not used: of two at once one is right.
  return read(db, { userId }, (trx) =>
    step === null ? useRecoveryCode(trx, userId, hashKey(code)) : takeStep(trx, userId, step),
  );
}

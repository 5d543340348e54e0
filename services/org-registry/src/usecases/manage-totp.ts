import { AppError } from "@topdog/errors/app-error";
import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { totpUri } from "../store/totp-code.ts";
import { findAccount } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { hashKey } from "../store/key-material.ts";
import { confirmTotp, deleteTotp, saveUnconfirmedTotp } from "../store/totp.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change } from "./change.ts";
import { isCodeRight } from "./second-factor.ts";

const secretBytes = 20;
const recoveryCodes = 10;
const recoveryCodeBytes = 10;

/** Begins: the app gets a secret, which counts for nothing before its first code has come. */
export async function beginTotp(deps: AuthDeps, { userId }: AskingSession): Promise<{ uri: string }> {
  const secret = deps.randomBytes(secretBytes).toString("hex");
  const sealed = await deps.totpSecrets.seal(secret, userId);
  return change(deps, { userId }, async (trx) => {
    const account = await findAccount(trx, { userId });
    if (account === null || !(await saveUnconfirmedTotp(trx, userId, sealed))) {
      throw new AppError("conflict", { detail: "An authenticator app is set up already." });
    }
    return { uri: totpUri(secret, account.email) };
  });
}

/** From now on the app is asked for. The recovery codes are shown this once. */
export async function completeTotp(
  deps: AuthDeps,
  asked: AskingSession,
  code: string,
): Promise<{ recoveryCodes: string[] }> {
  if (!(await isCodeRight(deps, asked.userId, code))) throw new AppError("wrong_code");
  const codes = Array.from({ length: recoveryCodes }, () => deps.randomBytes(recoveryCodeBytes).toString("hex"));
  await change(deps, { userId: asked.userId }, async (trx, at) => {
    if (!(await confirmTotp(trx, asked.userId, codes.map(hashKey), at))) throw new AppError("wrong_code");
    await appendAudit(trx, { ...entryOf(asked, "totp.added"), at });
  });
  return { recoveryCodes: codes };
}

/** Takes a code, so that a borrowed session cannot take the second factor away. */
export async function removeTotp(deps: AuthDeps, asked: AskingSession, code: string): Promise<void> {
  if (!(await isCodeRight(deps, asked.userId, code))) throw new AppError("wrong_code");
  await change(deps, { userId: asked.userId }, async (trx, at) => {
    if (await deleteTotp(trx, asked.userId)) await appendAudit(trx, { ...entryOf(asked, "totp.removed"), at });
  });
}

const entryOf = (asked: AskingSession, action: string) => ({
  chain: `user:${asked.userId}` as const,
  actor: actorOfSession(asked),
  action,
  target: asked.userId,
  details: {},
});

import { AppError } from "@topdog/errors/app-error";
import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import type { Account } from "../store/accounts.ts";
import { findAccount } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createToken } from "../store/key-material.ts";
import { lockSession, updateProof } from "../store/sessions.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change, read } from "./change.ts";
import { revokeToken } from "./end-sessions.ts";
import { forgiveAttempts, guessLimits, limitAttempts } from "./limit-attempts.ts";
import { checkSecondFactor } from "./second-factor.ts";
import type { SignedIn } from "./sign-in.ts";

/**
 * A person who is signed in proves who they are once more. The session gets a new token: the gateways know nothing of the new
 * one yet, and forget the old one, so the proof counts at once.
 */
export async function proveAgain(
  deps: AuthDeps,
  { userId, sessionId }: AskingSession,
  { password, code }: { readonly password: string; readonly code?: string | undefined },
): Promise<SignedIn> {
  const account = await requirePassword(deps, { userId, sessionId }, password);
  const secondFactorAt = await checkSecondFactor(deps, userId, code);
  return change(deps, { userId }, async (trx, at) => {
    const before = await lockSession(trx, userId, sessionId, at);
    if (before === null) throw new AppError("not_signed_in");
    const { token, hash } = createToken(deps.randomBytes);
    const session = { ...before, tokenHash: hash, authenticatedAt: at, secondFactorAt };
    await updateProof(trx, session);
    await revokeToken(trx, before, at);
    await appendAudit(trx, {
      chain: `user:${userId}`,
      at,
      actor: actorOfSession({ userId, sessionId }),
      action: "session.proved_again",
      target: sessionId,
      details: { secondFactor: secondFactorAt !== null },
    });
    return { session, account, token };
  });
}

/** The session counts its guesses as an address does: whoever has its cookie cannot try many passwords. */
async function requirePassword(
  deps: AuthDeps,
  { userId, sessionId }: AskingSession,
  password: string,
): Promise<Account> {
  const limits = guessLimits(userId, sessionId);
  await limitAttempts(deps.db, limits, deps.nowMs());
  const account = await read(deps.db, { userId }, (trx) => findAccount(trx, { userId }));
  const isRight = await deps.passwords.verify(password, account?.passwordHash ?? null);
  if (account === null || !isRight) throw new AppError("wrong_credentials");
  await forgiveAttempts(deps.db, limits);
  return account;
}

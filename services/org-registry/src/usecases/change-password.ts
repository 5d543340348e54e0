import { AppError } from "@topdog/errors/app-error";
import { findAccount, savePassword } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createToken } from "../store/key-material.ts";
import { listSessions, lockSession, updateProof } from "../store/sessions.ts";
import { lockUser } from "../store/users.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change } from "./change.ts";
import { endOne, revokeToken } from "./end-sessions.ts";
import type { SignedIn } from "./sign-in.ts";

/**
 * A person who is signed in, and proved lately who they are, chooses another password. Every other session of theirs ends; this one gets a new
 * token, so that whoever had a copy of the old one is out too.
 */
export async function changePassword(
  deps: AuthDeps,
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
  newPassword: string,
): Promise<SignedIn> {
  const passwordHash = await deps.passwords.create(newPassword);
  return change(deps, { userId }, async (trx, at) => {
    await lockUser(trx, userId);
    const before = await lockSession(trx, userId, sessionId, at);
    const account = await findAccount(trx, { userId });
    if (before === null || account === null) throw new AppError("not_signed_in");
    const actor = `user:${userId} session:${sessionId}`;
    for (const session of await listSessions(trx, userId, at)) {
      if (session.id !== sessionId) await endOne(trx, session, actor, at);
    }
    await savePassword(trx, userId, passwordHash, at);
    const { token, hash } = createToken(deps.randomBytes);
    const session = { ...before, tokenHash: hash };
    await updateProof(trx, session);
    await revokeToken(trx, before, at);
    const chain = `user:${userId}` as const;
    await appendAudit(trx, { chain, at, actor, action: "password.changed", target: userId, details: {} });
    return { session, account, token };
  });
}

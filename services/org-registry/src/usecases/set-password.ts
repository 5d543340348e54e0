import { AppError } from "@topdog/errors/app-error";
import { findAccount, markEmailVerified, savePassword } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { hashKey } from "../store/key-material.ts";
import { isEmailTokenLive, useEmailToken } from "../store/mail-requests.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change } from "./change.ts";
import { addUser } from "./create-user.ts";
import { endSessionsOf } from "./end-sessions.ts";

/**
 * Sets a password by a link that was mailed: the account comes to exist with its first one, so nobody can prepare an account for
 * somebody else's address. Whoever was signed in is not any more.
 */
export async function setPassword(deps: AuthDeps, token: string, password: string): Promise<{ email: string }> {
  const tokenHash = hashKey(token);
  // Looked up before too: a wrong link costs no hashing.
  if (!(await isEmailTokenLive(deps.db, tokenHash, new Date(deps.nowMs())))) throw new AppError("invalid_link");
  const hash = await deps.passwords.create(password);
  return change(deps, "everyone", async (trx, at) => {
    const email = await useEmailToken(trx, tokenHash, at);
    if (email === null) throw new AppError("invalid_link");
    const known = await findAccount(trx, { email });
    const userId = known?.userId ?? (await addUser(trx, deps.randomBytes, email, at, "sign-up"))?.id;
    if (userId === undefined) throw new AppError("invalid_link");
    const actor = `user:${userId}`;
    await endSessionsOf(trx, userId, actor, at);
    await savePassword(trx, userId, hash, at);
    await markEmailVerified(trx, userId, at);
    await appendAudit(trx, { chain: `user:${userId}`, at, actor, action: "password.set", target: userId, details: {} });
    return { email };
  });
}

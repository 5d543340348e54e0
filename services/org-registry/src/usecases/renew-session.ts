import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { findAccount } from "../store/accounts.ts";
import { createToken } from "../store/key-material.ts";
import { listSessions, lockSession, updateProof } from "../store/sessions.ts";
import { lockUser } from "../store/users.ts";
import type { RegistryDeps } from "./change.ts";
import { endOne, revokeToken } from "./end-sessions.ts";
import type { SignedIn } from "./sign-in.ts";

/**
 * Holds the user, ends every other session of theirs, and gives this one a new token, so that whoever had a copy of the old one is out
 * too. Throws AppError 401 when the session has ended.
 */
export async function keepThisSessionAlone(
  { randomBytes }: Pick<RegistryDeps, "randomBytes">,
  trx: Transaction,
  asking: AskingSession,
  at: Date,
): Promise<SignedIn> {
  const { userId, sessionId } = asking;
  await lockUser(trx, userId);
  const before = await lockSession(trx, userId, sessionId, at);
  const account = await findAccount(trx, { userId });
  if (before === null || account === null) throw new AppError("not_signed_in");
  for (const session of await listSessions(trx, userId, at)) {
    if (session.id !== sessionId) await endOne(trx, session, actorOfSession(asking), at);
  }
  const { token, hash } = createToken(randomBytes);
  const session = { ...before, tokenHash: hash };
  await updateProof(trx, session);
  await revokeToken(trx, before, at);
  return { session, account, token };
}

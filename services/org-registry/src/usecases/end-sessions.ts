import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import { AppError } from "@topdog/errors/app-error";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { Session } from "../domain/session.ts";
import { appendAudit } from "../store/audit-log.ts";
import { deleteSession, listSessions, lockSession } from "../store/sessions.ts";
import { lockUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";

/** Ends one of the user's sessions. Anybody else's, and one that has ended, is the same 404. */
export async function endSession(deps: RegistryDeps, userId: string, id: string, actor: string): Promise<void> {
  await change(deps, { userId }, async (trx, at) => {
    const session = await lockSession(trx, userId, id, at);
    if (session === null) throw new AppError("not_found", { detail: "There is no such session." });
    await endOne(trx, session, actor, at);
  });
}

export async function endAllSessions(deps: RegistryDeps, userId: string, actor: string): Promise<void> {
  await change(deps, { userId }, (trx, at) => endSessionsOf(trx, userId, actor, at));
}

/** Also those that are being created: signing in takes the same lock. */
export async function endSessionsOf(trx: Transaction, userId: string, actor: string, at: Date): Promise<void> {
  await lockUser(trx, userId);
  for (const session of await listSessions(trx, userId, at)) await endOne(trx, session, actor, at);
}

export async function endOne(trx: Transaction, session: Session, actor: string, at: Date): Promise<void> {
  const { id, userId } = session;
  await deleteSession(trx, id);
  await revokeToken(trx, session, at);
  const entry = { chain: `user:${userId}`, at, actor, action: "session.ended", target: id, details: {} } as const;
  await appendAudit(trx, entry);
}

/** Tells every gateway to refuse the token. */
export async function revokeToken(trx: Transaction, { id, userId, tokenHash }: Session, at: Date): Promise<void> {
  await appendOutbox(trx, sessionRevoked, { sessionId: id, tokenHash, userId, at: at.toISOString() });
}

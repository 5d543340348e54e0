import type { SessionCaller } from "@topdog/contracts/account-call";
import type { Database } from "@topdog/postgres/pool";
import { expiryOf, toSessionCaller } from "../domain/session.ts";
import { findSessionByToken, touchSession } from "../store/sessions.ts";
import { read } from "./change.ts";

/** Gateways ask every half minute about a session in use: it is written down at most this often. */
const touchEveryMs = 10 * 60_000;

/** Null for a session that is unknown, has ended, or was not used for too long. */
export async function resolveSessionOf(db: Database, tokenHash: string, at: Date): Promise<SessionCaller | null> {
  const found = await findSessionByToken(db, tokenHash, at);
  if (found === null) return null;
  const { session, isAdmin } = found;
  if (at.getTime() - session.lastSeenAt.getTime() > touchEveryMs) {
    const used = { ...session, expiresAt: expiryOf(session.createdAt, at) };
    await read(db, { userId: session.userId }, (trx) => touchSession(trx, used, at));
  }
  return toSessionCaller(session, isAdmin, at);
}

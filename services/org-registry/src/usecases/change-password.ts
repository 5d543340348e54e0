import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { savePassword } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change } from "./change.ts";
import { keepThisSessionAlone } from "./renew-session.ts";
import type { SignedIn } from "./sign-in.ts";

/** A person who is signed in, and proved lately who they are, chooses another password. Every other session of theirs ends. */
export async function changePassword(deps: AuthDeps, asking: AskingSession, newPassword: string): Promise<SignedIn> {
  const { userId } = asking;
  const passwordHash = await deps.passwords.create(newPassword);
  return change(deps, { userId }, async (trx, at) => {
    const signedIn = await keepThisSessionAlone(deps, trx, asking, at);
    await savePassword(trx, userId, passwordHash, at);
    const entry = { chain: `user:${userId}`, action: "password.changed", target: userId, details: {} } as const;
    await appendAudit(trx, { ...entry, at, actor: actorOfSession(asking) });
    return signedIn;
  });
}

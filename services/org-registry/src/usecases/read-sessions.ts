import { AppError } from "@topdog/errors/app-error";
import type { Session } from "../domain/session.ts";
import { type Account, findAccount } from "../store/accounts.ts";
import { listSessions } from "../store/sessions.ts";
import { change, type RegistryDeps } from "./change.ts";

/** A user with their live sessions, newest first: never more than one may have. */
export async function readSessions(
  deps: RegistryDeps,
  userId: string,
): Promise<{ account: Account; sessions: Session[] }> {
  return change(deps, { userId }, async (trx, at) => {
    const account = await findAccount(trx, { userId });
    if (account === null) throw new AppError("not_signed_in");
    return { account, sessions: await listSessions(trx, userId, at) };
  });
}

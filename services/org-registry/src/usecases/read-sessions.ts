import { AppError } from "@topdog/errors/app-error";
import type { Session } from "../domain/session.ts";
import { type Account, findAccount } from "../store/accounts.ts";
import { listSessions } from "../store/sessions.ts";
import type { RegistryDeps } from "./change.ts";

/** A user with their live sessions, newest first: never more than one may have. */
export async function readSessions(
  { db, nowMs }: RegistryDeps,
  userId: string,
): Promise<{ account: Account; sessions: Session[] }> {
  const account = await findAccount(db, { userId });
  if (account === null) throw new AppError("not_signed_in");
  return { account, sessions: await listSessions(db, userId, new Date(nowMs())) };
}

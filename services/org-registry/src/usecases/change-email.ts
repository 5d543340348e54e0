import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { AppError } from "@topdog/errors/app-error";
import { findAccount } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { updateEmail, useEmailChange } from "../store/email-changes.ts";
import { hashKey } from "../store/key-material.ts";
import { insertMailRequest } from "../store/mail-requests.ts";
import { change, read, type RegistryDeps } from "./change.ts";
import { limitAttempts, mailLimits } from "./limit-attempts.ts";
import { keepThisSessionAlone } from "./renew-session.ts";
import type { SignedIn } from "./sign-in.ts";

/** Asks for a mail to the new address. The answer is the same whether or not another account has it: nobody learns that here. */
export async function askForNewEmail(deps: RegistryDeps, { userId }: AskingSession, email: string): Promise<void> {
  const account = await read(deps.db, { userId }, (trx) => findAccount(trx, { userId }));
  if (account === null) throw new AppError("not_signed_in");
  if (account.email === email) throw new AppError("conflict", { detail: "This is your email address already." });
  const atMs = deps.nowMs();
  await limitAttempts(deps.db, mailLimits(email, userId), atMs);
  await insertMailRequest(deps.db, { email, kind: "email_change", userId }, new Date(atMs));
}

/**
 * The link was followed in a session of the person who asked: whoever else reads the mail of an address that was mistyped gets nothing by it.
 * Every other session ends, and the address of before is told. Throws AppError 400 for any other link, 409 when another account has the address.
 */
export async function confirmNewEmail(deps: RegistryDeps, asking: AskingSession, token: string): Promise<SignedIn> {
  const { userId } = asking;
  return change(deps, { userId }, async (trx, at) => {
    const signedIn = await keepThisSessionAlone(deps, trx, asking, at);
    const before = signedIn.account.email;
    const email = await useEmailChange(trx, userId, hashKey(token), at);
    if (email === null) throw new AppError("invalid_link");
    if (!(await updateEmail(trx, { userId, before, email }, at)))
      throw new AppError("conflict", { detail: "Another account has this email address." });
    await insertMailRequest(trx, { email: before, kind: "email_changed", userId: null }, at);
    const entry = { chain: `user:${userId}`, action: "email.changed", target: userId, details: {} } as const;
    await appendAudit(trx, {
      ...entry,
      at,
      actor: actorOfSession(asking),
      before: { email: before },
      after: { email },
    });
    return { ...signedIn, account: { ...signedIn.account, email } };
  });
}

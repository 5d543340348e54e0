import type { Logger } from "@topdog/telemetry/logger";
import type { Transaction } from "@topdog/postgres/pool";
import type { Mail, SendMail } from "../clients/mailer.ts";
import { mailOf, newEmailMail, oldEmailMail } from "../domain/mail-text.ts";
import { findAccount } from "../store/accounts.ts";
import { saveEmailChange } from "../store/email-changes.ts";
import { createToken } from "../store/key-material.ts";
import {
  deleteMailRequest,
  insertEmailToken,
  type MailRequest,
  postponeMailRequest,
  takeMailRequest,
} from "../store/mail-requests.ts";
import { change, type RegistryDeps } from "./change.ts";

export interface SendMailsDeps extends RegistryDeps {
  readonly sendMail: SendMail;
  /** Where people reach the web app. */
  readonly publicUrl: string;
  readonly logger: Logger;
}

const linkLifetimeMs = 60 * 60_000;
const maxAttempts = 6;
/** Longer than a mail server may take: what is being sent is not taken a second time. */
const firstRetryMs = 60_000;
const maxMailsPerRun = 200;

/** Sends the mails that were asked for, one after the other. */
export async function sendMails(deps: SendMailsDeps, signal: AbortSignal): Promise<void> {
  for (let sent = 0; sent < maxMailsPerRun && !signal.aborted; sent += 1) {
    const next = await change(deps, "everyone", (trx, at) => prepareNext(deps, trx, at));
    if (next === null) return;
    await sendOne(deps, next);
  }
}

interface PreparedMail {
  readonly request: MailRequest;
  /** Null when nobody is to be written to. */
  readonly mail: Mail | null;
}

/**
 * Makes the link of the next mail that is due, and commits it before the mail is sent: whoever is quick finds it valid. If this
 * process dies in between, the mail is sent again, later and with another link.
 */
async function prepareNext(deps: SendMailsDeps, trx: Transaction, at: Date): Promise<PreparedMail | null> {
  const request = await takeMailRequest(trx, at);
  if (request === null) return null;
  const retryAt = new Date(at.getTime() + firstRetryMs * 2 ** request.attempts);
  await postponeMailRequest(trx, request.id, retryAt);
  return { request, mail: await mailFor(deps, trx, request, at) };
}

/** Null when nobody is to be written to. */
async function mailFor(
  { randomBytes, publicUrl }: SendMailsDeps,
  trx: Transaction,
  request: MailRequest,
  at: Date,
): Promise<Mail | null> {
  const { email, kind, userId } = request;
  if (kind === "email_changed") return { to: email, ...oldEmailMail(publicUrl), link: publicUrl };
  const account = await findAccount(trx, { email });
  const { token, hash } = createToken(randomBytes);
  const expiresAt = new Date(at.getTime() + linkLifetimeMs);
  if (kind === "email_change") {
    // Another account has it: whoever asked must not learn that, and its owner has nothing to confirm.
    if (userId === null || account !== null) return null;
    await saveEmailChange(trx, { userId, hash, email, expiresAt });
    const link = `${publicUrl}/confirm-email#token=${token}`;
    return { to: email, ...newEmailMail(link), link };
  }
  // Nobody is written to because somebody else asked to reset a password that does not exist.
  if (kind === "password_reset" && account === null) return null;
  await insertEmailToken(trx, hash, email, expiresAt);
  const link = `${publicUrl}/set-password#token=${token}`;
  return { to: email, ...mailOf(kind, account?.passwordHash != null, link), link };
}

/** One that could not be sent stays, and is tried again, until it has failed too often. */
async function sendOne({ db, sendMail, logger }: SendMailsDeps, { request, mail }: PreparedMail): Promise<void> {
  try {
    if (mail !== null) await sendMail(mail);
  } catch (error) {
    const attempts = request.attempts + 1;
    const givesUp = attempts >= maxAttempts;
    logger.warn({ err: error, attempts, givesUp }, "a mail could not be sent");
    if (!givesUp) return;
  }
  await deleteMailRequest(db, request.id);
}

import type { Logger } from "@topdog/telemetry/logger";
import type { Transaction } from "@topdog/postgres/pool";
import type { Mail, SendMail } from "../clients/mailer.ts";
import { mailOf } from "../domain/mail-text.ts";
import { findAccount } from "../store/accounts.ts";
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
const firstRetryMs = 5_000;
const maxMailsPerRun = 200;

/** Sends the mails that were asked for, one after the other. */
export async function sendMails(deps: SendMailsDeps, signal: AbortSignal): Promise<void> {
  for (let sent = 0; sent < maxMailsPerRun && !signal.aborted; sent += 1) {
    if (!(await change(deps, (trx, at) => sendNext(deps, trx, at)))) return;
  }
}

/** False when none is due. A link is valid only once its mail was sent: both are in one transaction. */
async function sendNext(deps: SendMailsDeps, trx: Transaction, at: Date): Promise<boolean> {
  const request = await takeMailRequest(trx, at);
  if (request === null) return false;
  const account = await findAccount(trx, { email: request.email });
  // Nobody is written to because somebody else asked to reset a password that does not exist.
  if (request.kind === "sign_up" || account !== null) {
    const { token, hash } = createToken(deps.randomBytes);
    await insertEmailToken(trx, hash, request.email, new Date(at.getTime() + linkLifetimeMs));
    const link = `${deps.publicUrl}/set-password#token=${token}`;
    const text = mailOf(request.kind, account?.passwordHash != null, link);
    if (!(await isSent(deps, trx, request, { to: request.email, ...text, link }, at))) return true;
  }
  await deleteMailRequest(trx, request.id);
  return true;
}

async function isSent(
  { sendMail, logger }: SendMailsDeps,
  trx: Transaction,
  { id, attempts }: MailRequest,
  mail: Mail,
  at: Date,
): Promise<boolean> {
  try {
    await sendMail(mail);
    return true;
  } catch (error) {
    const givesUp = attempts + 1 >= maxAttempts;
    logger.warn({ err: error, attempts: attempts + 1, givesUp }, "a mail could not be sent");
    if (givesUp) return true;
    await postponeMailRequest(trx, id, new Date(at.getTime() + firstRetryMs * 2 ** attempts));
    return false;
  }
}

import { invitationMail } from "../domain/invitation.ts";
import { type DueMail, markMailed, saveLink, takeDueInvitation } from "../store/invitations.ts";
import { createToken } from "../store/key-material.ts";
import { change } from "./change.ts";
import type { SendMailsDeps } from "./send-mails.ts";

const maxAttempts = 6;
/** No other sender takes the invitation meanwhile; longer than a mail may take. */
const firstRetryMs = 60_000;
const maxMailsPerRun = 200;

/** Mails the invitations that are due. */
export async function sendInvitations(deps: SendMailsDeps, signal: AbortSignal): Promise<void> {
  for (let sent = 0; sent < maxMailsPerRun && !signal.aborted; sent += 1) {
    const prepared = await prepareNext(deps);
    if (prepared === null) return;
    await sendOne(deps, prepared.due, prepared.token);
  }
}

/** The link works before its mail is sent; its token exists in the mail alone. A sender that dies is followed by another mail, with another link. */
async function prepareNext(deps: SendMailsDeps): Promise<{ due: DueMail; token: string } | null> {
  return change(deps, "everyone", async (trx, at) => {
    const due = await takeDueInvitation(trx, at);
    if (due === null) return null;
    const { token, hash } = createToken(deps.randomBytes);
    const isLastAttempt = due.attempts + 1 >= maxAttempts;
    await saveLink(trx, due.id, hash, isLastAttempt ? null : new Date(at.getTime() + firstRetryMs * 2 ** due.attempts));
    return { due, token };
  });
}

async function sendOne(deps: SendMailsDeps, due: DueMail, token: string): Promise<void> {
  const { sendMail, publicUrl, logger } = deps;
  const link = `${publicUrl}/invitation#token=${token}`;
  try {
    await sendMail({ to: due.email, ...invitationMail(due.orgName, link), link });
    await change(deps, { orgId: due.orgId }, (trx) => markMailed(trx, due.id));
  } catch (error) {
    logger.warn({ err: error, attempts: due.attempts + 1, maxAttempts }, "an invitation could not be mailed");
  }
}

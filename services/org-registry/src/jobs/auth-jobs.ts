import type { Job } from "@topdog/service/job";
import { hasDueMail } from "../store/mail-requests.ts";
import { deleteExpired } from "../store/sessions.ts";
import { change } from "../usecases/change.ts";
import { sendMails, type SendMailsDeps } from "../usecases/send-mails.ts";

export const sendMailsJob = (deps: SendMailsDeps): Job => ({
  name: "send-mails",
  intervalMs: 500,
  timeoutMs: 60_000,
  // Each mail is locked while it is sent: every replica may take the next one.
  owner: "each",
  isDue: () => hasDueMail(deps.db, new Date(deps.nowMs())),
  run: (signal) => sendMails(deps, signal),
});

export const deleteExpiredJob = (deps: Pick<SendMailsDeps, "db" | "nowMs">): Job => ({
  name: "delete-expired",
  intervalMs: 60_000,
  timeoutMs: 20_000,
  owner: "one",
  run: () => change(deps, "everyone", deleteExpired),
});

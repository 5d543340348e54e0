import type { Job } from "@topdog/service/job";
import type { RegistryDeps } from "../usecases/change.ts";
import { lapseInvitations } from "../usecases/lapse-invitations.ts";
import { sendInvitations } from "../usecases/send-invitations.ts";
import type { SendMailsDeps } from "../usecases/send-mails.ts";

export const sendInvitationsJob = (deps: SendMailsDeps): Job => ({
  name: "send-invitations",
  intervalMs: 2_000,
  timeoutMs: 60_000,
  // Each invitation is locked while its mail is sent: every replica may take the next one.
  owner: "each",
  run: (signal) => sendInvitations(deps, signal),
});

export const lapseInvitationsJob = (deps: RegistryDeps): Job => ({
  name: "lapse-invitations",
  intervalMs: 60_000,
  timeoutMs: 20_000,
  owner: "one",
  run: () => lapseInvitations(deps),
});

import { emailSchema, nameSchema } from "@topdog/contracts/text";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { askForNewEmail, confirmNewEmail } from "../usecases/change-email.ts";
import { changeName } from "../usecases/change-name.ts";
import { readAccount } from "../usecases/read-account.ts";
import { type AuthRouteDeps, linkTokenSchema, sessionViewSchema, signedInReply } from "./auth-schemas.ts";
import { accountSchema, toApiAccount } from "./get-account.ts";

export const changeAccountRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "patch",
    path: "/api/auth/account",
    summary: "Change your name",
    tags: ["Sign-in"],
    auth: "session",
    body: z.object({ name: nameSchema.nullable().describe("Null: you have none") }),
    responses: { 200: accountSchema },
    errors: [],
    handler: async ({ caller, body }) => {
      await changeName(deps, caller, body.name);
      return { status: 200 as const, body: toApiAccount(await readAccount(deps, caller.userId)) };
    },
  });

export const askForNewEmailRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/email-change",
    summary: "Ask for a mail to your new address, with a link that confirms it",
    description:
      "Nothing changes before you follow the link. The answer is the same whether or not another account has the address.",
    tags: ["Sign-in"],
    auth: "session",
    requires: ["recent authentication"],
    body: z.object({ email: emailSchema }),
    responses: { 202: z.object({ email: z.string() }).describe("If nobody has the address, a mail is on its way") },
    errors: ["conflict", "too_many_attempts", "mail_not_configured"],
    handler: async ({ caller, body: { email } }) => {
      if (!deps.canSendMail) throw new AppError("mail_not_configured");
      await askForNewEmail(deps, caller, email);
      return { status: 202 as const, body: { email } };
    },
  });

export const confirmNewEmailRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/email-change/confirm",
    summary: "Confirm your new address by the link that was mailed to it, signed in as who asked for it",
    description:
      "You sign in with the new address from then on. Every other session of yours ends, this one gets a new cookie, and the old address is told.",
    tags: ["Sign-in"],
    auth: "session",
    body: z.object({ token: linkTokenSchema }),
    responses: { 200: sessionViewSchema },
    errors: ["invalid_link", "conflict"],
    handler: async ({ caller, body }) => signedInReply(await confirmNewEmail(deps, caller, body.token), deps.publicUrl),
  });

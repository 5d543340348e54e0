import { emailSchema } from "@topdog/contracts/text";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { askForMail } from "../usecases/ask-for-mail.ts";
import type { AuthRouteDeps } from "./auth-schemas.ts";

const mailRoute = (deps: AuthRouteDeps, kind: "sign_up" | "password_reset", name: string, summary: string) =>
  defineRoute({
    method: "post",
    path: `/api/auth/${name}`,
    summary,
    description: "The answer is the same whether or not the address has an account.",
    tags: ["Sign-in"],
    auth: "visitor",
    body: z.object({ email: emailSchema }),
    responses: { 202: z.object({ email: z.string() }).describe("If there is something to say, a mail is on its way") },
    errors: ["too_many_attempts", "mail_not_configured"],
    handler: async ({ caller, body: { email } }) => {
      if (!deps.canSendMail) throw new AppError("mail_not_configured");
      await askForMail(deps, { email, kind, address: caller.address });
      return { status: 202 as const, body: { email } };
    },
  });

export const signUpRoute = (deps: AuthRouteDeps) =>
  mailRoute(deps, "sign_up", "sign-up", "Sign up: asks for a mail with a link, by which you choose your password");

export const resetPasswordRoute = (deps: AuthRouteDeps) =>
  mailRoute(deps, "password_reset", "password-reset", "Ask for a mail with a link, by which you set a new password");

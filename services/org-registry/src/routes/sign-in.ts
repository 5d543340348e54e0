import { emailSchema } from "@topdog/contracts/text";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { SignInOutcome } from "../metrics.ts";
import { signIn } from "../usecases/sign-in.ts";
import {
  type AuthRouteDeps,
  codeSchema,
  passwordSchema,
  placeOf,
  sessionViewSchema,
  signedInReply,
} from "./auth-schemas.ts";

export const signInRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/sign-in",
    summary: "Sign in; the session comes as a cookie",
    description: "An account with an authenticator app answers `second_factor_required` until the code is sent along.",
    tags: ["Sign-in"],
    auth: "visitor",
    body: z.object({ email: emailSchema, password: passwordSchema, code: codeSchema.optional() }),
    responses: { 200: sessionViewSchema },
    errors: ["wrong_credentials", "second_factor_required", "wrong_code", "too_many_attempts"],
    handler: async ({ caller, body }) => {
      try {
        const signedIn = await signIn(deps, body, placeOf(caller));
        deps.onSignIn("ok");
        return signedInReply(signedIn, deps.publicUrl);
      } catch (error) {
        deps.onSignIn(outcomeOf(error));
        throw error;
      }
    },
  });

export function outcomeOf(error: unknown): SignInOutcome {
  if (!(error instanceof AppError)) return "failed";
  if (error.code === "too_many_attempts") return "limited";
  return error.status === 401 ? "wrong" : "failed";
}

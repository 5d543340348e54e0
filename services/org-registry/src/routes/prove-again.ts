import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { proveAgain } from "../usecases/prove-again.ts";
import { type AuthRouteDeps, codeSchema, passwordSchema, sessionViewSchema, signedInReply } from "./auth-schemas.ts";

export const proveAgainRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/reauthenticate",
    summary: "Prove again who you are, as sensitive acts ask for; the session gets a new cookie",
    tags: ["Sign-in"],
    auth: "session",
    body: z.object({ password: passwordSchema, code: codeSchema.optional() }),
    responses: { 200: sessionViewSchema },
    errors: ["wrong_credentials", "second_factor_required", "wrong_code", "too_many_attempts"],
    handler: async ({ caller, body }) => signedInReply(await proveAgain(deps, caller, body), deps.publicUrl),
  });

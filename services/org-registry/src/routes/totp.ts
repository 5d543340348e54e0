import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { beginTotp, completeTotp, removeTotp } from "../usecases/manage-totp.ts";
import { type AuthRouteDeps, codeSchema } from "./auth-schemas.ts";

export const beginTotpRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/totp",
    summary: "Begin to set up an authenticator app as your second factor",
    tags: ["Sign-in"],
    auth: "session",
    requires: ["recent authentication"],
    responses: { 200: z.object({ uri: z.string().describe("`otpauth://…`: what the app reads from a QR code") }) },
    errors: ["conflict"],
    handler: async ({ caller }) => ({ status: 200 as const, body: await beginTotp(deps, caller) }),
  });

export const completeTotpRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/totp/confirm",
    summary: "Confirm the authenticator app by its first code; from then on it is asked for",
    description: "Sign in again, or prove again who you are, to make this session one with a second factor.",
    tags: ["Sign-in"],
    auth: "session",
    requires: ["recent authentication"],
    body: z.object({ code: codeSchema }),
    responses: { 200: z.object({ recoveryCodes: z.array(z.string()).describe("Shown this once; each works once") }) },
    errors: ["wrong_code", "too_many_attempts"],
    handler: async ({ caller, body }) => ({
      status: 200 as const,
      body: await completeTotp(deps, caller, body.code),
    }),
  });

export const removeTotpRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/totp/remove",
    summary: "Give up the authenticator app, by a code of it or a recovery code",
    tags: ["Sign-in"],
    auth: "session",
    requires: ["recent authentication"],
    body: z.object({ code: codeSchema }),
    responses: { 204: z.undefined() },
    errors: ["wrong_code", "too_many_attempts"],
    handler: async ({ caller, body }) => {
      await removeTotp(deps, caller, body.code);
      return { status: 204 as const, body: undefined };
    },
  });

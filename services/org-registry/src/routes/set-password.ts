import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { setPassword } from "../usecases/set-password.ts";
import { type AuthRouteDeps, linkTokenSchema, newPasswordSchema } from "./auth-schemas.ts";

export const setPasswordRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/password",
    summary: "Set your password by a link that was mailed to you; a new account exists from then on",
    description: "Every session of the account ends. Sign in with the new password next.",
    tags: ["Sign-in"],
    auth: "visitor",
    body: z.object({ token: linkTokenSchema, password: newPasswordSchema }),
    responses: { 200: z.object({ email: z.string() }) },
    errors: ["invalid_link"],
    handler: async ({ body }) => ({ status: 200 as const, body: await setPassword(deps, body.token, body.password) }),
  });

import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { changePassword } from "../usecases/change-password.ts";
import { type AuthRouteDeps, newPasswordSchema, sessionViewSchema, signedInReply } from "./auth-schemas.ts";

export const changePasswordRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/change-password",
    summary: "Choose another password; every other session of yours ends, and this one gets a new cookie",
    tags: ["Sign-in"],
    auth: "session",
    requires: ["recent authentication"],
    body: z.object({ newPassword: newPasswordSchema }),
    responses: { 200: sessionViewSchema },
    errors: [],
    handler: async ({ caller, body }) =>
      signedInReply(await changePassword(deps, caller, body.newPassword), deps.publicUrl),
  });

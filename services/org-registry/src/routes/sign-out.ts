import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { actorOf } from "../domain/caller.ts";
import { endAllSessions, endSession } from "../usecases/end-sessions.ts";
import { type AuthRouteDeps, signedOutReply } from "./auth-schemas.ts";
import { callerOf } from "./schemas.ts";

export const signOutRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/sign-out",
    summary: "Sign out here: the session is refused everywhere at once",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 204: z.undefined() },
    errors: ["not_found"],
    handler: async ({ caller }) => {
      await endSession(deps, caller.userId, caller.sessionId, actorOf(callerOf(caller)));
      return signedOutReply(deps.publicUrl);
    },
  });

export const signOutEverywhereRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "post",
    path: "/api/auth/sign-out-everywhere",
    summary: "Sign out everywhere: every session of yours ends",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 204: z.undefined() },
    errors: [],
    handler: async ({ caller }) => {
      await endAllSessions(deps, caller.userId, actorOf(callerOf(caller)));
      return signedOutReply(deps.publicUrl);
    },
  });

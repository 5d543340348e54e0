import { idSchema } from "@topdog/contracts/text";
import { AppError } from "@topdog/errors/app-error";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { actorOf } from "../domain/caller.ts";
import { endSession } from "../usecases/end-sessions.ts";
import { readSessions } from "../usecases/read-sessions.ts";
import {
  type AuthRouteDeps,
  listedSessionSchema,
  sessionViewSchema,
  toApiSession,
  toListedSession,
} from "./auth-schemas.ts";
import { callerOf } from "./schemas.ts";

export const getSessionRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/auth/session",
    summary: "Read who is signed in",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 200: sessionViewSchema },
    errors: [],
    handler: async ({ caller }) => {
      const { account, sessions } = await readSessions(deps, caller.userId);
      const session = sessions.find((one) => one.id === caller.sessionId);
      if (session === undefined) throw new AppError("not_signed_in");
      return { status: 200 as const, body: toApiSession(session, account) };
    },
  });

export const listSessionsRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "get",
    path: "/api/auth/sessions",
    summary: "List where you are signed in, newest first",
    tags: ["Sign-in"],
    auth: "session",
    responses: { 200: z.object({ items: z.array(listedSessionSchema) }) },
    errors: [],
    handler: async ({ caller }) => {
      const { sessions } = await readSessions(deps, caller.userId);
      return { status: 200 as const, body: { items: sessions.map((one) => toListedSession(one, caller.sessionId)) } };
    },
  });

export const endSessionRoute = (deps: AuthRouteDeps) =>
  defineRoute({
    method: "delete",
    path: "/api/auth/sessions/:sessionId",
    summary: "End one of your sessions",
    tags: ["Sign-in"],
    auth: "session",
    params: z.object({ sessionId: idSchema }),
    responses: { 204: z.undefined() },
    errors: ["not_found"],
    handler: async ({ caller, params }) => {
      await endSession(deps, caller.userId, params.sessionId, actorOf(callerOf(caller)));
      return { status: 204 as const, body: undefined };
    },
  });

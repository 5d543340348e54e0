import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { chooseFallback } from "../usecases/byok-settings.ts";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import { settingsBody } from "./byok-schemas.ts";
import { callerOf } from "./schemas.ts";

export const chooseByokSettingsRoute = (deps: CredentialDeps) =>
  defineRoute({
    method: "put",
    path: "/api/byok-settings",
    summary: "Choose whether calls may go on with the platform's credential when your own fail",
    tags: ["BYOK"],
    auth: "session",
    requires: ["recent authentication"],
    body: settingsBody,
    responses: { 204: z.undefined() },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, body }) => {
      await chooseFallback(deps, callerOf(caller), body);
      return { status: 204 as const, body: undefined };
    },
  });

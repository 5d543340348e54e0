import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import { revokeCredential } from "../usecases/revoke-credential.ts";
import { credentialParams, revokeBody } from "./byok-schemas.ts";
import { callerOf } from "./schemas.ts";

export const revokeCredentialRoute = (deps: CredentialDeps) =>
  defineRoute({
    method: "delete",
    path: "/api/byok/:credentialId",
    summary: "Revoke a credential: it can never be opened again",
    tags: ["BYOK"],
    auth: "session",
    requires: ["recent authentication"],
    params: credentialParams,
    body: revokeBody,
    responses: { 204: z.undefined() },
    errors: ["not_found"],
    handler: async ({ caller, params, body }) => {
      await revokeCredential(deps, callerOf(caller), params.credentialId, body.reason);
      return { status: 204 as const, body: undefined };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import { editCredential } from "../usecases/change-credential.ts";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import { credentialParams, credentialPatchBody, credentialSchema, toApiCredential } from "./byok-schemas.ts";
import { callerOf } from "./schemas.ts";

export const editCredentialRoute = (deps: CredentialDeps) =>
  defineRoute({
    method: "patch",
    path: "/api/byok/:credentialId",
    summary: "Change a credential's label, order, models or members",
    tags: ["BYOK"],
    auth: "session",
    requires: ["recent authentication"],
    params: credentialParams,
    body: credentialPatchBody,
    responses: { 200: credentialSchema },
    errors: ["not_found"],
    handler: async ({ caller, params, body }) => {
      const edited = await editCredential(deps, callerOf(caller), params.credentialId, body);
      return { status: 200 as const, body: toApiCredential(edited) };
    },
  });

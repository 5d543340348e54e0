import { defineRoute } from "@topdog/http-kit/route";
import { rotateCredential } from "../usecases/change-credential.ts";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import { credentialParams, credentialSchema, rotateBody, toApiCredential } from "./byok-schemas.ts";
import { callerOf } from "./schemas.ts";

export const rotateCredentialRoute = (deps: CredentialDeps) =>
  defineRoute({
    method: "post",
    path: "/api/byok/:credentialId/rotate",
    summary: "Replace a credential's key; label, order and restrictions stay",
    tags: ["BYOK"],
    auth: "session",
    requires: ["recent authentication"],
    params: credentialParams,
    body: rotateBody,
    responses: { 200: credentialSchema },
    errors: ["not_found", "conflict"],
    handler: async ({ caller, params, body }) => {
      const rotated = await rotateCredential(deps, callerOf(caller), params.credentialId, body.key);
      return { status: 200 as const, body: toApiCredential(rotated) };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import { addCredential } from "../usecases/add-credential.ts";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import { credentialSchema, newCredentialBody, toApiCredential } from "./byok-schemas.ts";
import { callerOf } from "./schemas.ts";

export const addCredentialRoute = (deps: CredentialDeps) =>
  defineRoute({
    method: "post",
    path: "/api/byok",
    summary: "Add a provider credential: your own, or one of an org that you own or administer",
    description: "The provider is asked at once whether it accepts the key; `unverified` when it could not be asked.",
    tags: ["BYOK"],
    auth: "session",
    requires: ["recent authentication"],
    body: newCredentialBody,
    responses: { 201: credentialSchema },
    errors: ["not_found", "forbidden", "byok_capacity_reached", "conflict"],
    handler: async ({ caller, body }) => {
      const added = await addCredential(deps, callerOf(caller), body);
      return { status: 201 as const, body: toApiCredential(added) };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { acceptOwnership } from "../usecases/transfer-ownership.ts";
import { callerOf, orgParams, orgSchema, toApiOrg } from "./schemas.ts";

export const acceptOwnershipRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/orgs/:orgId/ownership-offer/accept",
    summary: "Become the owner of an org that was offered to you",
    description: "Who owned it before becomes an admin.",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: orgParams,
    responses: { 200: orgSchema },
    errors: ["not_found", "conflict", "org_being_deleted"],
    handler: async ({ caller, params }) => ({
      status: 200 as const,
      body: toApiOrg(await acceptOwnership(deps, callerOf(caller), params.orgId)),
    }),
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { offerOwnership } from "../usecases/transfer-ownership.ts";
import { callerOf, offerBody, orgParams, orgSchema, toApiOrg } from "./schemas.ts";

export const offerOwnershipRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/orgs/:orgId/ownership-offer",
    summary: "Offer an org that you own to one of its active members",
    description: "It stays yours until they accept, which they may do for 7 days.",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: orgParams,
    body: offerBody,
    responses: { 200: orgSchema },
    errors: ["not_found", "owner_only", "conflict", "org_being_deleted"],
    handler: async ({ caller, params, body }) => {
      const org = await offerOwnership(deps, callerOf(caller), params.orgId, body.userId);
      return { status: 200 as const, body: toApiOrg(org) };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { deleteOrg } from "../usecases/delete-org.ts";
import { callerOf, orgParams, orgSchema, reasonQuery, toApiOrg } from "./schemas.ts";

export const deleteOrgRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "delete",
    path: "/api/orgs/:orgId",
    summary: "Delete an org that you own",
    description: "Its keys are refused at once. For 14 days its owner may restore it; then it is gone for good.",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: orgParams,
    query: reasonQuery,
    responses: { 200: orgSchema },
    errors: ["not_found", "owner_only", "org_being_deleted"],
    handler: async ({ caller, params, query }) => {
      const org = await deleteOrg(deps, callerOf(caller), params.orgId, query.reason);
      return { status: 200 as const, body: toApiOrg(org) };
    },
  });

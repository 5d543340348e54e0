import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { renameOrg } from "../usecases/rename-org.ts";
import { callerOf, orgBody, orgParams, orgSchema, toApiOrg } from "./schemas.ts";

export const renameOrgRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "patch",
    path: "/api/orgs/:orgId",
    summary: "Rename an org that you own or administer",
    tags: ["Orgs"],
    auth: "session",
    params: orgParams,
    body: orgBody,
    responses: { 200: orgSchema },
    errors: ["not_found", "forbidden", "org_being_deleted"],
    handler: async ({ caller, params, body }) => {
      const org = await renameOrg(deps, callerOf(caller), params.orgId, body.name);
      return { status: 200 as const, body: toApiOrg(org) };
    },
  });

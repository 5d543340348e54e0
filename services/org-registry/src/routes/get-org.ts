import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { getOrg } from "../usecases/read-orgs.ts";
import { callerOf, orgParams, orgViewSchema, toApiOrg } from "./schemas.ts";

export const getOrgRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/orgs/:orgId",
    summary: "Read an org that you are a member of, with its plan and seats",
    tags: ["Orgs"],
    auth: "account",
    params: orgParams,
    responses: { 200: orgViewSchema },
    errors: ["not_found"],
    handler: async ({ caller, params }) => {
      const org = await getOrg(deps, callerOf(caller), params.orgId);
      const { plan, seats, activeMembers, role, active } = org;
      return { status: 200 as const, body: { ...toApiOrg(org), plan, seats, activeMembers, role, active } };
    },
  });

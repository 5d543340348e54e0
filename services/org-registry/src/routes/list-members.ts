import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { listOrgMembers } from "../usecases/read-orgs.ts";
import { callerOf, memberPageSchema, orgParams, pageQuery, toApiMember, toApiPage } from "./schemas.ts";

export const listMembersRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/orgs/:orgId/members",
    summary: "List the members of an org that you are a member of",
    description: "A member without a seat sees their own membership alone.",
    tags: ["Orgs"],
    auth: "account",
    params: orgParams,
    query: pageQuery,
    responses: { 200: memberPageSchema },
    errors: ["not_found"],
    handler: async ({ caller, params, query }) => {
      const page = { after: query.cursor ?? null, limit: query.limit };
      return {
        status: 200 as const,
        body: toApiPage(await listOrgMembers(deps, callerOf(caller), params.orgId, page), toApiMember),
      };
    },
  });

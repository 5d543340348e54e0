import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { listOrgMembers } from "../usecases/read-orgs.ts";
import { callerOf, memberPageSchema, orgParams, pageQuery, toApiMember } from "./schemas.ts";

export const listMembersRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/orgs/:orgId/members",
    summary: "List the members of an org that you are a member of",
    tags: ["Orgs"],
    auth: "account",
    params: orgParams,
    query: pageQuery,
    responses: { 200: memberPageSchema },
    errors: ["not_found"],
    handler: async ({ caller, params, query }) => {
      const page = await listOrgMembers(deps, callerOf(caller), params.orgId, query);
      return { status: 200 as const, body: { items: page.items.map(toApiMember), nextCursor: page.nextCursor } };
    },
  });

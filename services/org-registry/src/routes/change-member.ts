import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { changeMember } from "../usecases/change-member.ts";
import { callerOf, memberParams, memberPatchBody, memberSchema, toApiMember } from "./schemas.ts";

export const changeMemberRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "patch",
    path: "/api/orgs/:orgId/members/:userId",
    summary: "Give or take a member's seat, role or daily ceiling",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: memberParams,
    body: memberPatchBody,
    responses: { 200: memberSchema },
    errors: ["not_found", "forbidden", "seats_exhausted", "org_being_deleted"],
    handler: async ({ caller, params, body }) => {
      const member = await changeMember(deps, callerOf(caller), params, body);
      return { status: 200 as const, body: toApiMember(member) };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import { addMember } from "../usecases/add-member.ts";
import type { RegistryDeps } from "../usecases/change.ts";
import { callerOf, memberSchema, newMemberBody, orgParams, toApiMember } from "./schemas.ts";

export const addMemberRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/orgs/:orgId/members",
    summary: "Add a user to an org, with a seat unless `active` is false",
    tags: ["Orgs"],
    auth: "account",
    params: orgParams,
    body: newMemberBody,
    responses: { 201: memberSchema },
    errors: ["not_found", "forbidden", "conflict", "seats_exhausted"],
    handler: async ({ caller, params, body }) => {
      const who = "userId" in body ? { userId: body.userId } : { email: body.email };
      const { role, active } = body;
      const member = await addMember(deps, callerOf(caller), params.orgId, { who, role, active });
      return { status: 201 as const, body: toApiMember(member) };
    },
  });

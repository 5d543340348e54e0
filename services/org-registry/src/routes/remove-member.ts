import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { removeMember } from "../usecases/remove-member.ts";
import { callerOf, memberParams, reasonQuery } from "./schemas.ts";

export const removeMemberRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "delete",
    path: "/api/orgs/:orgId/members/:userId",
    summary: "Remove a member from an org, or leave it yourself",
    description: "The member's keys of this org are revoked with it.",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: memberParams,
    query: reasonQuery,
    responses: { 204: z.undefined() },
    errors: ["not_found", "forbidden", "conflict", "org_being_deleted"],
    handler: async ({ caller, params, query }) => {
      await removeMember(deps, callerOf(caller), params, query.reason);
      return { status: 204 as const, body: undefined };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { restoreOrg } from "../usecases/delete-org.ts";
import { callerOf, orgParams, orgSchema, toApiOrg } from "./schemas.ts";

export const restoreOrgRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/orgs/:orgId/restore",
    summary: "Restore an org that you deleted",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: orgParams,
    responses: { 200: orgSchema },
    errors: ["not_found", "owner_only", "conflict"],
    handler: async ({ caller, params }) => ({
      status: 200 as const,
      body: toApiOrg(await restoreOrg(deps, callerOf(caller), params.orgId)),
    }),
  });

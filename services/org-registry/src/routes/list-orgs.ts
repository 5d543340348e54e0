import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { listOrgs } from "../usecases/read-orgs.ts";
import { callerOf, orgPageSchema, pageQuery, toApiOrg, toApiPage } from "./schemas.ts";

export const listOrgsRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/orgs",
    summary: "List the orgs that you are a member of",
    tags: ["Orgs"],
    auth: "account",
    query: pageQuery,
    responses: { 200: orgPageSchema },
    errors: [],
    handler: async ({ caller, query }) => {
      const page = { after: query.cursor ?? null, limit: query.limit };
      return { status: 200 as const, body: toApiPage(await listOrgs(deps, callerOf(caller), page), toApiOrg) };
    },
  });

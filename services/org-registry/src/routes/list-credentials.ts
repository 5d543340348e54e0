import { defineRoute } from "@topdog/http-kit/route";
import type { CredentialDeps } from "../usecases/credential-deps.ts";
import { readCredentials } from "../usecases/read-credentials.ts";
import { credentialPageSchema, credentialsQuery, toApiCredentialPage } from "./byok-schemas.ts";
import { callerOf } from "./schemas.ts";

export const listCredentialsRoute = (deps: CredentialDeps) =>
  defineRoute({
    method: "get",
    path: "/api/byok",
    summary: "List your provider credentials, or those of an org that you own or administer; never the keys themselves",
    tags: ["BYOK"],
    auth: "account",
    query: credentialsQuery,
    responses: { 200: credentialPageSchema },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, query }) => {
      const page = { after: query.cursor ?? null, limit: query.limit };
      const read = await readCredentials(deps, callerOf(caller), query.orgId, page);
      return { status: 200 as const, body: toApiCredentialPage(read) };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { listKeys } from "../usecases/list-keys.ts";
import { keyPageSchema, toApiKey } from "./key-schemas.ts";
import { callerOf, keysQuery, toApiPage } from "./schemas.ts";

export const listKeysRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path: "/api/keys",
    summary: "List your live API keys, newest first; never the keys themselves",
    tags: ["API keys"],
    auth: "account",
    query: keysQuery,
    responses: { 200: keyPageSchema },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, query }) => {
      const page = { after: query.cursor ?? null, limit: query.limit };
      return {
        status: 200 as const,
        body: toApiPage(await listKeys(deps, callerOf(caller), query.orgId, page), toApiKey),
      };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { createKey } from "../usecases/create-key.ts";
import { createdKeySchema, newKeyBody, settingsOf, toApiKey } from "./key-schemas.ts";
import { personOf } from "./schemas.ts";

export const createKeyRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/keys",
    summary: "Create an API key; the answer is the only place where the key is seen",
    tags: ["API keys"],
    auth: "session",
    requires: ["recent authentication"],
    body: newKeyBody,
    responses: { 201: createdKeySchema },
    errors: ["not_found", "forbidden", "key_limit_reached", "org_being_deleted"],
    handler: async ({ caller, body }) => {
      const { name, orgId, serviceAccountId } = body;
      const wanted = { name, orgId, serviceAccountId, settings: settingsOf(body) };
      const { record, key } = await createKey(deps, personOf(caller), wanted);
      return { status: 201 as const, body: { ...toApiKey(record), key } };
    },
  });

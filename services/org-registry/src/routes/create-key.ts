import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { createKey } from "../usecases/create-key.ts";
import { callerOf, createdKeySchema, newKeyBody, toApiKey } from "./schemas.ts";

export const createKeyRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/keys",
    summary: "Create an API key; the answer is the only place where the key is seen",
    description: "The new key is revoked together with the key that calls, so it never outlives it.",
    tags: ["API keys"],
    auth: "sibling",
    body: newKeyBody,
    responses: { 201: createdKeySchema },
    errors: ["not_found", "forbidden", "key_limit_reached"],
    handler: async ({ caller, body }) => {
      const { record, key } = await createKey(deps, callerOf(caller), body);
      return { status: 201 as const, body: { ...toApiKey(record), key } };
    },
  });

import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { createKey } from "../usecases/create-key.ts";
import { callerOf, createdKeySchema, newKeyBody, toApiKey } from "./schemas.ts";

export const createKeyRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/keys",
    summary: "Create an API key; the answer is the only place where the key is seen",
    description: "A key that is made with another key is revoked together with it, so it never outlives it.",
    tags: ["API keys"],
    auth: "account",
    body: newKeyBody,
    responses: { 201: createdKeySchema },
    errors: ["not_found", "forbidden", "key_limit_reached"],
    handler: async ({ caller, body }) => {
      const { record, key } = await createKey(deps, callerOf(caller), body);
      return { status: 201 as const, body: { ...toApiKey(record), key } };
    },
  });

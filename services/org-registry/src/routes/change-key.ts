import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { changeKey } from "../usecases/change-key.ts";
import { keyPatchBody, keySchema, toApiKey } from "./key-schemas.ts";
import { keyParams, personOf } from "./schemas.ts";

export const changeKeyRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "patch",
    path: "/api/keys/:keyId",
    summary: "Rename your API key, or change what it may be used for",
    description: "Every gateway goes by it within a moment. What the body does not name stays as it is.",
    tags: ["API keys"],
    auth: "session",
    requires: ["recent authentication"],
    params: keyParams,
    body: keyPatchBody,
    responses: { 200: keySchema },
    errors: ["not_found"],
    handler: async ({ caller, params, body }) => {
      const key = await changeKey(deps, personOf(caller), params.keyId, body);
      return { status: 200 as const, body: toApiKey(key) };
    },
  });

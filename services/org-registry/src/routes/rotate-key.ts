import { defineRoute } from "@topdog/http-kit/route";
import type { RegistryDeps } from "../usecases/change.ts";
import { rotateKey } from "../usecases/rotate-key.ts";
import { createdKeySchema, rotationBody, toApiKey } from "./key-schemas.ts";
import { keyParams, personOf } from "./schemas.ts";

export const rotateKeyRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "post",
    path: "/api/keys/:keyId/rotate",
    summary: "Give your API key a new secret, with the same id and settings; the old one ends after the overlap",
    description: "A key has two secrets at most: one that an earlier rotation left ends at once.",
    tags: ["API keys"],
    auth: "session",
    requires: ["recent authentication"],
    params: keyParams,
    body: rotationBody,
    responses: { 200: createdKeySchema },
    errors: ["not_found"],
    handler: async ({ caller, params, body }) => {
      const { record, key } = await rotateKey(deps, personOf(caller), params.keyId, body.overlapSeconds);
      return { status: 200 as const, body: { ...toApiKey(record), key } };
    },
  });

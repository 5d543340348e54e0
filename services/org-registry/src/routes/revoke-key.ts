import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { revokeKey } from "../usecases/revoke-key.ts";
import { callerOf, keyParams } from "./schemas.ts";

export const revokeKeyRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "delete",
    path: "/api/keys/:keyId",
    summary: "Revoke an API key: your own, or one of an org that you own or administer",
    description:
      "A key with the scope `account` may do this too, so that a leaked one can be ended with what is at hand.",
    tags: ["API keys"],
    auth: "account",
    params: keyParams,
    responses: { 204: z.undefined() },
    errors: ["not_found"],
    handler: async ({ caller, params }) => {
      await revokeKey(deps, callerOf(caller), params.keyId);
      return { status: 204 as const, body: undefined };
    },
  });

import { dailyCeilingSchema } from "@topdog/contracts/quota";
import { idSchema } from "@topdog/contracts/text";
import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { setKeyCeiling } from "../usecases/set-key-ceiling.ts";
import { keySchema, toApiKey } from "./key-schemas.ts";
import { personOf } from "./schemas.ts";

export const setKeyCeilingRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "put",
    path: "/api/orgs/:orgId/keys/:keyId/ceiling",
    summary: "Limit the calls a day of a member's or a service account's key",
    description:
      "For the org's owner and admins. It is in force at every gateway within two seconds, and calls of today count. The key's holder may set a lower ceiling, and not lift this one.",
    tags: ["Orgs"],
    auth: "session",
    requires: ["recent authentication"],
    params: z.object({ orgId: idSchema, keyId: idSchema }),
    body: z.strictObject({
      dailyCeiling: dailyCeilingSchema.nullable().describe("Calls a day, UTC; null: no such ceiling"),
    }),
    responses: { 200: keySchema },
    errors: ["not_found", "forbidden", "org_being_deleted"],
    handler: async ({ caller, params, body }) => {
      const key = await setKeyCeiling(deps, personOf(caller), params, body.dailyCeiling);
      return { status: 200 as const, body: toApiKey(key) };
    },
  });

import { z } from "zod";
import { byokTenantSchema } from "../byok.ts";
import { defineRpc } from "../event.ts";
import { memberRoleSchema } from "../events/org-events.ts";
import { keyRestrictionsSchema } from "../key-restrictions.ts";
import { modelRulesSchema } from "../model-rules.ts";
import { keyScopeSchema } from "../key-scopes.ts";
import { bucketOwnerSchema, ceilingLimitSchema } from "../quota.ts";

/** A limit of calls a day below the plan's, on a key or on a member. */
export const ceilingSchema = ceilingLimitSchema.extend({
  /** Its bucket of `capped_calls`. */
  owner: bucketOwnerSchema,
  /** Who set it: the key's holder (of a service account's key, whoever runs the org), or an admin of the org. */
  setBy: z.enum(["holder", "org"]),
});
export type Ceiling = z.infer<typeof ceilingSchema>;

export const principalSchema = z.object({
  keyId: z.string(),
  /** Whose key it is: a user, or a service account of `orgId`. */
  userId: z.string(),
  orgId: z.string().nullable(),
  /** The user's role in `orgId`; null outside an org. */
  role: memberRoleSchema.nullable(),
  scopes: z.array(keyScopeSchema).readonly(),
  /** Null for a key without any. */
  restrictions: keyRestrictionsSchema.nullable(),
  /** Of the key's org; absent: none. */
  modelRules: modelRulesSchema.optional(),
  /** What calls are charged to, in this order. A service account has no own; one of the two is there. */
  buckets: z.object({ personal: bucketOwnerSchema.nullable(), org: bucketOwnerSchema.nullable() }),
  /** Each call takes one token of each; absent: none. */
  ceilings: z.array(ceilingSchema).min(1).max(2).optional(),
  byok: z.object({
    scope: z.enum(["user", "org"]),
    used: z.int().min(0),
    capacity: z.int().min(0),
    /** Who has credentials that may serve this caller's calls, in the order in which they are tried; absent: nobody. */
    tenants: z.array(byokTenantSchema).max(2).optional(),
  }),
});
/** Who is calling: the API key's user, in the org that the key was made for, if any, or a service account of an org. */
export type Principal = z.infer<typeof principalSchema>;

export const resolvePrincipal = defineRpc({
  subject: "topdog.rpc.principal.resolve.v1",
  summary:
    "Find the principal that an API key's SHA-256 belongs to; null for an unknown, revoked, expired or seatless key",
  owner: "org-registry",
  askers: ["gateway"],
  idempotent: true,
  request: z.object({ keyHash: z.string().regex(/^[0-9a-f]{64}$/) }),
  reply: z.object({ principal: principalSchema.nullable() }),
});

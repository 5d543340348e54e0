import { byokProviderSchema, credentialStatusSchema, maxCredentialCharacters } from "@topdog/contracts/byok";
import { idSchema, nameSchema } from "@topdog/contracts/text";
import { Secret } from "@topdog/config/secret";
import { z } from "zod";
import type { Credential } from "../domain/credential.ts";
import type { CredentialPage } from "../usecases/read-credentials.ts";
import { keysQuery, pageSchemaOf, toApiPage } from "./schemas.ts";

const minKeyCharacters = 8;
const maxModels = 50;
const maxMembers = 100;

export const credentialParams = z.object({ credentialId: idSchema });
const ofOrg = idSchema.optional().describe("The org whose BYOK pool is meant, instead of your own credentials");
export const credentialsQuery = keysQuery.extend({ orgId: ofOrg });

/** It becomes a Secret while the body is read: nothing prints it afterwards. */
const keySchema = z
  .string()
  .min(minKeyCharacters)
  .max(maxCredentialCharacters)
  .regex(/^[\u0021-\u007E]+$/, "must be printable ASCII without spaces")
  .transform(Secret.of)
  .describe("The provider's key. It is sealed before it is stored, and never shown again");

const modelName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\u0021-\u007E]+$/, "must be printable ASCII without spaces");
const allowedModels = z.array(modelName).min(1).max(maxModels).nullable().optional().describe("Null: every model");
const allowedMembers = z.array(idSchema).min(1).max(maxMembers).nullable().optional().describe("Null: every member");

export const newCredentialBody = z.strictObject({
  provider: byokProviderSchema,
  key: keySchema,
  label: nameSchema.optional().describe("Default: the provider's name"),
  orgId: ofOrg,
  allowedModels,
  allowedMembers,
});
export const rotateBody = z.strictObject({ key: keySchema });
export const revokeBody = z.strictObject({ reason: nameSchema.describe("For the audit log") });
export const settingsBody = z.strictObject({
  fallback: z
    .boolean()
    .describe("Whether calls may go on with the platform's credential when your own fail; false until you choose it"),
  orgId: ofOrg,
});

export const credentialPatchBody = z
  .strictObject({
    label: nameSchema.optional(),
    order: z.int().min(1).max(1_000_000).optional().describe("Lower ones are tried first; equal ones by age"),
    allowedModels,
    allowedMembers,
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), "needs something to change");

export const credentialSchema = z.object({
  id: z.string(),
  provider: z.string(),
  label: z.string(),
  lastFour: z.string().describe("Empty for a short key"),
  orgId: z.string().nullable(),
  addedBy: z.string(),
  order: z.int(),
  status: credentialStatusSchema.describe("What the provider said when it was asked last"),
  state: z
    .enum(["active", "blocked", "disabled"])
    .describe(
      "`blocked`: above what the plan allows, and still used until its grace is over. `disabled`: kept, not used",
    ),
  allowedModels: z.array(z.string()).nullable(),
  allowedMembers: z.array(z.string()).nullable(),
  version: z.int().describe("Rises with each rotation"),
  createdAt: z.iso.datetime(),
  checkedAt: z.iso.datetime().nullable(),
  blockedSince: z.iso.datetime().nullable(),
});
export const credentialPageSchema = pageSchemaOf(credentialSchema).extend({
  scope: z.enum(["user", "org"]),
  used: z.int().describe("Credentials that are not disabled"),
  capacity: z.int().describe("How many the plan allows"),
  fallback: z.boolean(),
});

export const toApiCredential = (one: Credential): z.input<typeof credentialSchema> => ({
  id: one.id,
  provider: one.provider,
  label: one.label,
  lastFour: one.lastFour,
  orgId: one.tenant.startsWith("org:") ? one.tenant.slice("org:".length) : null,
  addedBy: one.addedBy,
  order: one.position,
  status: one.status,
  state: one.disabledAt !== null ? "disabled" : one.blockedSince === null ? "active" : "blocked",
  allowedModels: one.allowedModels === null ? null : [...one.allowedModels],
  allowedMembers: one.allowedMembers === null ? null : [...one.allowedMembers],
  version: one.version,
  createdAt: one.createdAt.toISOString(),
  checkedAt: one.checkedAt?.toISOString() ?? null,
  blockedSince: one.blockedSince?.toISOString() ?? null,
});

export const toApiCredentialPage = (page: CredentialPage): z.input<typeof credentialPageSchema> => ({
  ...toApiPage(page, toApiCredential),
  scope: page.tenant.startsWith("org:") ? "org" : "user",
  used: page.state.used,
  capacity: page.capacity,
  fallback: page.state.fallback,
});

import { allowedAddressesSchema, allowedModelsSchema } from "@topdog/contracts/key-restrictions";
import { dailyCeilingSchema } from "@topdog/contracts/quota";
import { keyScopeSchema, keyScopesSchema } from "@topdog/contracts/key-scopes";
import { idSchema, nameSchema } from "@topdog/contracts/text";
import { z } from "zod";
import { type ApiKey, defaultKeySettings, type KeySettings } from "../domain/api-key.ts";
import { pageSchemaOf } from "./schemas.ts";

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** Of a new key, or of a change: what is absent has its default, or stays. */
const settingFields = {
  scopes: keyScopesSchema
    .optional()
    .describe("`llm`: call models (the default); `usage:read`: read usage and limits; `account`: the account API"),
  expiresAt: instant.nullable().optional().describe("From then on the key is refused; null: never"),
  allowedModels: allowedModelsSchema.nullable().optional().describe("The only models that it may call; null: all"),
  allowedAddresses: allowedAddressesSchema
    .nullable()
    .optional()
    .describe("Addresses and CIDR ranges that alone it may be used from; null: anywhere"),
  dailyCeiling: dailyCeilingSchema
    .nullable()
    .optional()
    .describe("Calls a day, UTC, that it may make at most, within the plan's limits; null: as many as the plan allows"),
};

export const newKeyBody = z.object({
  name: nameSchema,
  orgId: idSchema.nullable().default(null).describe("The org that the key works for; null: a personal key"),
  serviceAccountId: idSchema
    .nullable()
    .default(null)
    .describe("The service account of `orgId` that the key is for; null: it is your own"),
  ...settingFields,
});
export const keyPatchBody = z
  .strictObject({ name: nameSchema.optional(), ...settingFields })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), "needs something to change");

const maxOverlapSeconds = 7 * 86_400;
export const rotationBody = z.object({
  overlapSeconds: z
    .int()
    .min(0)
    .max(maxOverlapSeconds)
    .default(3_600)
    .describe("How long the secret of before is still good; 0: it ends now"),
});

export const settingsOf = ({
  scopes = [...defaultKeySettings.scopes],
  expiresAt = null,
  allowedModels = null,
  allowedAddresses = null,
  dailyCeiling = null,
}: z.output<typeof newKeyBody>): KeySettings => ({
  scopes,
  expiresAt,
  allowedModels,
  allowedAddresses,
  dailyCeiling,
});

export const keySchema = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  lastFour: z.string(),
  userId: z.string().describe("Whose it is; of a service account's key, that account's id"),
  orgId: z.string().nullable(),
  serviceAccountId: z.string().nullable(),
  createdAt: z.iso.datetime(),
  scopes: z.array(keyScopeSchema).describe("What the key is for"),
  expiresAt: z.iso.datetime().nullable().describe("From then on the key is refused; null: never"),
  allowedModels: z.array(z.string()).nullable().describe("The only models that it may call; null: all"),
  allowedAddresses: z.array(z.string()).nullable().describe("Where alone it may be used from; null: anywhere"),
  dailyCeiling: z.int().nullable().describe("Calls a day, as its holder set it; null: no such ceiling"),
  orgDailyCeiling: z
    .int()
    .nullable()
    .describe("Calls a day, as an admin of its org set it; the lower of the two counts"),
  lastUsedAt: z.iso.datetime().nullable().describe("Up to ten minutes old; null: never used"),
  previousSecretEndsAt: z.iso.datetime().nullable().describe("Of the last rotation: when the secret of before ends"),
});
export const createdKeySchema = keySchema.extend({ key: z.string().describe("The key itself: shown this once") });
export const keyPageSchema = pageSchemaOf(keySchema);

export const toApiKey = (key: ApiKey): z.input<typeof keySchema> => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  lastFour: key.lastFour,
  userId: key.userId,
  orgId: key.orgId,
  serviceAccountId: key.serviceAccountId,
  createdAt: key.createdAt.toISOString(),
  scopes: [...key.scopes],
  expiresAt: key.expiresAt?.toISOString() ?? null,
  allowedModels: key.allowedModels === null ? null : [...key.allowedModels],
  allowedAddresses: key.allowedAddresses === null ? null : [...key.allowedAddresses],
  dailyCeiling: key.dailyCeiling,
  orgDailyCeiling: key.orgDailyCeiling,
  lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
  previousSecretEndsAt: key.previousEndsAt?.toISOString() ?? null,
});

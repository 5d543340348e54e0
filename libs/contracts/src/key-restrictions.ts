import { z } from "zod";

const maxModels = 50;
const maxModelNameLength = 100;
const maxRanges = 20;

/** Names as callers write them in a request; no patterns. */
export const allowedModelsSchema = z
  .array(
    z
      .string()
      .regex(/^[\x21-\x7e]+$/, "must be a model's name")
      .max(maxModelNameLength),
  )
  .min(1)
  .max(maxModels);

/** `203.0.113.0/24`, `2001:db8::/48`, or one address. */
export const allowedAddressesSchema = z
  .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], "must be an address, or a range such as 203.0.113.0/24"))
  .min(1)
  .max(maxRanges);

/** What narrows the use of a key besides its scopes. Each is null when the key has no such restriction. */
export const keyRestrictionsSchema = z.object({
  /** Unix milliseconds. From then on the key is refused. */
  expiresAtMs: z.int().nullable(),
  models: allowedModelsSchema.nullable(),
  addresses: allowedAddressesSchema.nullable(),
});
export type KeyRestrictions = z.infer<typeof keyRestrictionsSchema>;

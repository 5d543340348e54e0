import { z } from "zod";

/** Whose credentials: `user:<id>`, a user's own, or `org:<id>`, an org's BYOK pool. */
export const byokTenantSchema = z.string().regex(/^(user|org):[\w-]{1,64}$/);
export const userTenant = (userId: string): string => `user:${userId}`;
export const orgTenant = (orgId: string): string => `org:${orgId}`;

/** A company whose API a credential is for. Open: routers know more with each release. */
export const byokProviderSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/, "must be 1 to 40 lower case letters, digits and dashes");

/** `unverified`: the provider could not be asked yet. */
export const credentialStatuses = ["valid", "invalid", "unverified"] as const;
export const credentialStatusSchema = z.enum(credentialStatuses);
export type CredentialStatus = z.infer<typeof credentialStatusSchema>;

/** Long enough for every provider's key, service accounts in JSON included. */
export const maxCredentialCharacters = 4096;
const maxSealedCharacters = 12_000;

/** A secret as the vault sealed it. Only a process that holds the keyring can open it, and only with the facts that it is bound to. */
export const envelopeSchema = z.object({
  kid: z.string().min(1).max(64),
  wrapped: z.base64url().min(1).max(2048),
  sealed: z.base64url().min(1).max(maxSealedCharacters),
});

/** An envelope with the facts that it is bound to. */
export const sealedCredentialSchema = z.object({
  id: z.string(),
  tenant: byokTenantSchema,
  /** The user who brought it. */
  addedBy: z.string(),
  provider: byokProviderSchema,
  /** Of the secret: rises with each rotation. */
  version: z.int().min(1),
  envelope: envelopeSchema,
});
export type SealedCredential = z.infer<typeof sealedCredentialSchema>;

import { z } from "zod";
import { byokProviderSchema, byokTenantSchema } from "../byok.ts";
import { defineEvent } from "../event.ts";

const credentialFact = z.object({
  credentialId: z.string(),
  tenant: byokTenantSchema,
  provider: byokProviderSchema,
  /** Of the secret. */
  version: z.int().min(1),
  at: z.iso.datetime(),
});
export type CredentialFact = z.infer<typeof credentialFact>;

const example: CredentialFact = {
  credentialId: "cred_1",
  tenant: "org:org_1",
  provider: "openai",
  version: 1,
  at: "2026-11-22T10:00:00.000Z",
};
const common = {
  publishers: ["org-registry"],
  listeners: ["llm-router", "gateway"],
  schema: credentialFact,
  example,
} as const;

export const credentialAdded = defineEvent({
  ...common,
  subject: "topdog.credential.added.v1",
  summary: "A provider credential of a user or an org exists",
});

export const credentialChanged = defineEvent({
  ...common,
  subject: "topdog.credential.changed.v1",
  summary: "A provider credential was rotated, edited, checked, disabled or enabled again",
});

export const credentialRevoked = defineEvent({
  ...common,
  subject: "topdog.credential.revoked.v1",
  summary: "A provider credential must not be used from now on; its data key is shredded",
});

const settingsSchema = z.object({
  tenant: byokTenantSchema,
  /** How many credentials the tenant may hold. */
  capacity: z.int().min(0),
  /** Whether calls may go on with the platform's credential when the tenant's own fail. */
  fallback: z.boolean(),
  at: z.iso.datetime(),
});

export const byokSettingsChanged = defineEvent({
  subject: "topdog.byok.settings_changed.v1",
  summary: "A tenant's number of BYOK slots changed, or its choice about the platform's credentials",
  publishers: ["org-registry"],
  listeners: ["llm-router", "gateway"],
  schema: settingsSchema,
  example: { tenant: "org:org_1", capacity: 18, fallback: false, at: "2026-11-22T10:00:00.000Z" },
});

/** Each of them makes what is cached about a tenant's credentials out of date. */
export const credentialEvents = [credentialAdded, credentialChanged, credentialRevoked] as const;

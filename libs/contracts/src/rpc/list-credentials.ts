import { z } from "zod";
import { byokTenantSchema, credentialStatusSchema, envelopeSchema, sealedCredentialSchema } from "../byok.ts";
import { defineRpc } from "../event.ts";

/** Of one answer: the bus takes messages of up to a megabyte. */
export const credentialsPerAnswer = 50;

export const listedCredentialSchema = sealedCredentialSchema.omit({ envelope: true, tenant: true }).extend({
  status: credentialStatusSchema,
  /** Null for one that is disabled because its tenant has more than its plan allows. */
  envelope: envelopeSchema.nullable(),
  /** Null: every model, every member. */
  allowedModels: z.array(z.string()).nullable(),
  allowedMembers: z.array(z.string()).nullable(),
});
export type ListedCredential = z.infer<typeof listedCredentialSchema>;

export const listCredentials = defineRpc({
  subject: "topdog.rpc.credentials.list.v1",
  summary: "A tenant's provider credentials in the order in which they are tried, sealed, some at a time",
  owner: "org-registry",
  askers: ["llm-router"],
  idempotent: true,
  request: z.object({
    tenant: byokTenantSchema,
    /** How many to leave out: those of the answers before. */
    skip: z.int().min(0).max(10_000_000),
  }),
  reply: z.object({
    credentials: z.array(listedCredentialSchema).max(credentialsPerAnswer),
    hasMore: z.boolean(),
    /** Whether calls may go on with the platform's credential when the tenant's own fail. */
    fallback: z.boolean(),
  }),
});

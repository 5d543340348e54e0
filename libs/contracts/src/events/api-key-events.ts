import { z } from "zod";
import { defineEvent } from "../event.ts";

const keyFact = z.object({
  keyId: z.string(),
  /** SHA-256 of the key, hex: what a gateway's cache is keyed by. The key itself never leaves its creator. */
  keyHash: z.string().regex(/^[0-9a-f]{64}$/),
  userId: z.string(),
  orgId: z.string().nullable(),
  at: z.iso.datetime(),
});
export type ApiKeyFact = z.infer<typeof keyFact>;

const example: ApiKeyFact = {
  keyId: "key_1",
  keyHash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  userId: "usr_1",
  orgId: null,
  at: "2026-11-22T10:00:00.000Z",
};

export const apiKeyCreated = defineEvent({
  subject: "topdog.apikey.created.v1",
  summary: "An API key exists",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: keyFact,
  example,
});

export const apiKeyChanged = defineEvent({
  subject: "topdog.apikey.changed.v1",
  summary: "What an API key may be used for, or how long, is other than before",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: keyFact,
  example,
});

export const apiKeyRevoked = defineEvent({
  subject: "topdog.apikey.revoked.v1",
  summary: "An API key must be refused everywhere from now on",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: keyFact,
  example,
});

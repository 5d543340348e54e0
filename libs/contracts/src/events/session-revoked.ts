import { z } from "zod";
import { defineEvent } from "../event.ts";

export const sessionRevoked = defineEvent({
  subject: "topdog.session.revoked.v1",
  summary: "A session's token must be refused everywhere from now on: signed out, or replaced by a new token",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: z.object({
    sessionId: z.string(),
    /** SHA-256 of the token, hex: what a gateway's cache is keyed by. */
    tokenHash: z.string().regex(/^[0-9a-f]{64}$/),
    userId: z.string(),
    at: z.iso.datetime(),
  }),
  example: {
    sessionId: "ses_1",
    tokenHash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    userId: "usr_1",
    at: "2026-11-26T10:00:00.000Z",
  },
});

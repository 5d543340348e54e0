import { z } from "zod";
import { defineEvent } from "../event.ts";

export const headsPerAnchor = 500;

const anchoredHeadSchema = z.object({
  chain: z.templateLiteral([z.enum(["user", "org"]), ":", z.string()]),
  seq: z.int().min(1),
  /** Of that row. It is made with a key, so it says nothing about what the row holds. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
/** Where one chain of the audit log ended at that time. */
export type AnchoredHead = z.infer<typeof anchoredHeadSchema>;

export const auditAnchored = defineEvent({
  subject: "topdog.audit.anchored.v1",
  summary: "How far chains of the audit log have come: kept outside its database, so that a rewritten chain shows",
  publishers: ["org-registry"],
  listeners: [],
  schema: z.object({ at: z.iso.datetime(), heads: z.array(anchoredHeadSchema).min(1).max(headsPerAnchor) }),
  example: {
    at: "2026-11-22T10:00:00.000Z",
    heads: [{ chain: "org:org_1", seq: 4, hash: "0".repeat(64) }],
  },
});

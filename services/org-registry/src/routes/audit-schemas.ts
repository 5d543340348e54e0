import { z } from "zod";
import type { AuditRow, Facts } from "../store/audit-log.ts";
import { pageQueryOf, pageSchemaOf } from "./schemas.ts";

export const auditQuery = pageQueryOf(z.int().min(1));

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const auditEntrySchema = z.object({
  seq: z.int().describe("From 1, without a gap"),
  at: z.iso.datetime(),
  actor: z.string().describe("`user:<id>` with the session or key that acted, `operator`, or the event that caused it"),
  action: z.string(),
  target: z.string(),
  reason: z.string().nullable(),
  before: facts.nullable(),
  after: facts.nullable(),
  details: facts,
  hash: z.string().describe("Made with a key, over this entry and the hash of the one before it"),
});
export const auditPageSchema = pageSchemaOf(auditEntrySchema);

interface StoredDetails {
  readonly reason?: string;
  readonly before?: Facts;
  readonly after?: Facts;
}

export function toApiAudit({ details: text, ...row }: AuditRow): z.input<typeof auditEntrySchema> {
  const { reason, before, after, ...details } = JSON.parse(text) as StoredDetails;
  const { seq, at, actor, action, target, hash } = row;
  return {
    seq,
    at: at.toISOString(),
    actor,
    action,
    target,
    reason: reason ?? null,
    before: before ?? null,
    after: after ?? null,
    details,
    hash,
  };
}

import { z } from "zod";
import { defineEvent } from "../event.ts";

/** `billing` sees the org and pays for it, with or without a seat; it manages neither members nor their keys. */
export const memberRoles = ["owner", "admin", "member", "billing"] as const;
export const memberRoleSchema = z.enum(memberRoles);
export type MemberRole = z.infer<typeof memberRoleSchema>;

export const orgUpdatedSchema = z.object({
  orgId: z.string(),
  version: z.int().min(1),
  name: z.string(),
  ownerUserId: z.string(),
  activeMembers: z.int().min(0),
  /** Set while its owner may still restore it: until then its keys are refused. Events of before there were deletions lack it. */
  deletionDueAt: z.iso.datetime().nullable().default(null),
  /** It is gone for good: it has no members any more. */
  deleted: z.boolean().default(false),
  changedAt: z.iso.datetime(),
});
export type OrgUpdated = z.infer<typeof orgUpdatedSchema>;

export const orgUpdated = defineEvent({
  subject: "topdog.org.updated.v1",
  summary: "An org changed: the full snapshot",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: orgUpdatedSchema,
  example: {
    orgId: "org_1",
    version: 2,
    name: "Acme",
    ownerUserId: "usr_1",
    activeMembers: 3,
    deletionDueAt: null,
    deleted: false,
    changedAt: "2026-11-22T10:00:00.000Z",
  },
});

export const orgRulesChanged = defineEvent({
  subject: "topdog.org.rules_changed.v1",
  summary: "An org chose other models or providers for its calls: what is known of its keys is out of date",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: z.object({ orgId: z.string(), at: z.iso.datetime() }),
  example: { orgId: "org_1", at: "2026-11-26T10:00:00.000Z" },
});

export const memberChangedSchema = z.object({
  orgId: z.string(),
  userId: z.string(),
  version: z.int().min(1),
  role: memberRoleSchema,
  /** An inactive member holds no seat: none of their org keys work. */
  active: z.boolean(),
  /** Their membership ended: they left, were removed, or the org is gone. Events of before that was possible lack it. */
  removed: z.boolean().default(false),
  changedAt: z.iso.datetime(),
});
export type MemberChanged = z.infer<typeof memberChangedSchema>;

export const memberChanged = defineEvent({
  subject: "topdog.member.changed.v1",
  summary:
    "A member of an org was added, removed, activated, deactivated or given another role, or their keys of it stop or go on",
  publishers: ["org-registry"],
  listeners: ["gateway"],
  schema: memberChangedSchema,
  example: {
    orgId: "org_1",
    userId: "usr_2",
    version: 1,
    role: "member",
    active: true,
    removed: false,
    changedAt: "2026-11-22T10:00:00.000Z",
  },
});

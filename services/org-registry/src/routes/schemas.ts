import { memberRoleSchema } from "@topdog/contracts/events/org-events";
import { planIdSchema } from "@topdog/contracts/plans";
import { dailyCeilingSchema } from "@topdog/contracts/quota";
import type { AccountCaller, SessionCaller } from "@topdog/contracts/account-call";
import { idSchema, nameSchema } from "@topdog/contracts/text";
import { z } from "zod";
import type { Caller, CallingSession } from "../domain/caller.ts";
import type { Member, Org } from "../domain/org.ts";
import type { Page } from "../domain/page.ts";
import { givenRoles } from "../domain/permissions.ts";
import { cursorOf, toCursor } from "./cursor.ts";

export const orgParams = z.object({ orgId: idSchema });
export const memberParams = z.object({ orgId: idSchema, userId: idSchema });
export const keyParams = z.object({ keyId: idSchema });

export const pageQueryOf = <Position extends z.ZodType>(position: Position) =>
  z.object({
    cursor: cursorOf(position).optional().describe("`nextCursor` of the page before"),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  });

/** The last millisecond of the year 9999: ISO 8601 writes later years in another form. */
const maxTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const keyPosition = z.strictObject({ createdAtMs: z.int().min(0).max(maxTimeMs), id: idSchema });

/** The query of a list that is sorted by id. */
export const pageQuery = pageQueryOf(idSchema);
export const keysQuery = pageQueryOf(keyPosition).extend({
  orgId: idSchema.optional().describe("Every key of an org that you own or administer, instead of your own keys"),
});

export const pageSchemaOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable().describe("Null on the last page") });

export const toApiPage = <Item, Position, ApiItem>(page: Page<Item, Position>, toApi: (item: Item) => ApiItem) => ({
  items: page.items.map(toApi),
  nextCursor: page.next === null ? null : toCursor(page.next),
});

export const orgBody = z.object({ name: nameSchema });
export const offerBody = z.object({ userId: idSchema.describe("An active member") });
const reason = nameSchema.optional().describe("Why: one line, for the audit log");
export const reasonQuery = z.object({ reason });

export const orgSchema = z.object({
  id: z.string(),
  name: z.string(),
  ownerUserId: z.string(),
  version: z.int(),
  createdAt: z.iso.datetime(),
  deletionDueAt: z.iso
    .datetime()
    .nullable()
    .describe("When it will be gone for good; null unless its owner deleted it. Until then they may restore it"),
  offer: z
    .object({ userId: z.string(), expiresAt: z.iso.datetime() })
    .nullable()
    .describe("The member whom its owner offers it to"),
});
export const orgPageSchema = pageSchemaOf(orgSchema);
export const orgViewSchema = orgSchema.extend({
  plan: planIdSchema,
  seats: z.int().describe("Paid seats: how many members may be active"),
  activeMembers: z.int(),
  role: memberRoleSchema.describe("Your own role"),
  active: z.boolean().describe("Whether you hold a seat"),
});

const givenRole = z.enum(givenRoles);
const activeFlag = z.boolean().describe("Whether the member holds a seat");
const memberCeiling = "Calls a day, UTC, that all their keys of this org may make together at most";
export const memberPatchBody = z
  .strictObject({
    role: givenRole.optional(),
    active: activeFlag.optional(),
    dailyCeiling: dailyCeilingSchema
      .nullable()
      .optional()
      .describe(`${memberCeiling}; null: as many as their seat has`),
  })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), "needs role, active or dailyCeiling");
export const memberSchema = z.object({
  orgId: z.string(),
  userId: z.string(),
  email: z.string(),
  role: memberRoleSchema,
  active: activeFlag,
  dailyCeiling: z.int().nullable().describe(`${memberCeiling}; null: no ceiling`),
  version: z.int(),
  createdAt: z.iso.datetime(),
});
export const memberPageSchema = pageSchemaOf(memberSchema);

export const callerOf = (caller: AccountCaller): Caller =>
  caller.kind === "key" ? { userId: caller.userId, orgId: caller.orgId, keyId: caller.keyId } : personOf(caller);

export const personOf = ({ userId, sessionId }: SessionCaller): CallingSession => ({
  userId,
  orgId: null,
  keyId: null,
  sessionId,
});

export const toApiOrg = (org: Org): z.input<typeof orgSchema> => ({
  id: org.id,
  name: org.name,
  ownerUserId: org.ownerUserId,
  version: org.version,
  createdAt: org.createdAt.toISOString(),
  deletionDueAt: org.deletionDueAt?.toISOString() ?? null,
  offer: org.offer === null ? null : { userId: org.offer.userId, expiresAt: org.offer.expiresAt.toISOString() },
});

export const toApiMember = (member: Member & { email: string }): z.input<typeof memberSchema> => ({
  orgId: member.orgId,
  userId: member.userId,
  email: member.email,
  role: member.role,
  active: member.active,
  dailyCeiling: member.dailyCeiling,
  version: member.version,
  createdAt: member.createdAt.toISOString(),
});

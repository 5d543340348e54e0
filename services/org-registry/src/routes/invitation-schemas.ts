import { emailSchema, idSchema } from "@topdog/contracts/text";
import { z } from "zod";
import type { Invitation } from "../domain/invitation.ts";
import { givenRoles } from "../domain/permissions.ts";
import { pageSchemaOf } from "./schemas.ts";

const role = z.enum(givenRoles);
export const invitationParams = z.object({ orgId: idSchema, invitationId: idSchema });
export const invitationBody = z.object({ email: emailSchema, role });
/** In the body, so that it is in no log. */
export const tokenBody = z.object({ token: z.string().regex(/^[\w-]{43}$/, "must be the token of the link") });

export const invitationSchema = z.object({
  id: z.string(),
  orgId: z.string(),
  email: z.string(),
  role,
  invitedBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export const invitationPageSchema = pageSchemaOf(invitationSchema);
export const offeredMembershipSchema = z.object({
  orgId: z.string(),
  orgName: z.string(),
  email: z.string(),
  role,
  expiresAt: z.iso.datetime(),
});

export const toApiInvitation = (one: Invitation): z.input<typeof invitationSchema> => ({
  id: one.id,
  orgId: one.orgId,
  email: one.email,
  role: one.role,
  invitedBy: one.invitedBy,
  createdAt: one.createdAt.toISOString(),
  expiresAt: one.expiresAt.toISOString(),
});

import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import { acceptInvitation, declineInvitation, showInvitation } from "../usecases/answer-invitation.ts";
import type { RegistryDeps } from "../usecases/change.ts";
import { offeredMembershipSchema, tokenBody } from "./invitation-schemas.ts";
import { callerOf } from "./schemas.ts";
import { memberRoleSchema } from "@topdog/contracts/events/org-events";

const byLink = { method: "post", tags: ["Orgs"], auth: "session", body: tokenBody } as const;

export const showInvitationRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...byLink,
    path: "/api/invitations/show",
    summary: "Read an invitation that was mailed to you",
    responses: { 200: offeredMembershipSchema },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, body }) => {
      const { orgName, invitation } = await showInvitation(deps, callerOf(caller), body.token);
      const { orgId, email, role, expiresAt } = invitation;
      return { status: 200 as const, body: { orgId, orgName, email, role, expiresAt: expiresAt.toISOString() } };
    },
  });

const joinedSchema = z.object({
  orgId: z.string(),
  role: memberRoleSchema,
  active: z.boolean().describe("Whether you hold a seat: false when no paid one is free"),
});

export const acceptInvitationRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...byLink,
    path: "/api/invitations/accept",
    summary: "Become a member of the org that invites you",
    description: "The verified address of your account must be the one that the invitation was sent to.",
    responses: { 200: joinedSchema },
    errors: ["not_found", "forbidden", "conflict"],
    handler: async ({ caller, body }) => {
      const { orgId, role, active } = await acceptInvitation(deps, callerOf(caller), body.token);
      return { status: 200 as const, body: { orgId, role, active } };
    },
  });

export const declineInvitationRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...byLink,
    path: "/api/invitations/decline",
    summary: "Decline an invitation that was mailed to you",
    responses: { 204: z.undefined() },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, body }) => {
      await declineInvitation(deps, callerOf(caller), body.token);
      return { status: 204 as const, body: undefined };
    },
  });

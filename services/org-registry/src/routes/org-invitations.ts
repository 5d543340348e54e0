import { defineRoute } from "@topdog/http-kit/route";
import { z } from "zod";
import type { RegistryDeps } from "../usecases/change.ts";
import { invite, listInvitations, revokeInvitation } from "../usecases/invite.ts";
import {
  invitationBody,
  invitationPageSchema,
  invitationParams,
  invitationSchema,
  toApiInvitation,
} from "./invitation-schemas.ts";
import { callerOf, orgParams, pageQuery, toApiPage } from "./schemas.ts";

const path = "/api/orgs/:orgId/invitations";
const sensitive = { tags: ["Orgs"], auth: "session", requires: ["recent authentication"] } as const;

export const inviteRoute = (deps: RegistryDeps & { readonly canSendMail: boolean }) =>
  defineRoute({
    ...sensitive,
    method: "post",
    path,
    summary: "Invite an address to an org that you own or administer",
    description:
      "The owner of the address is written to and becomes a member if they accept within 7 days. The answer does not tell whether the address has an account.",
    params: orgParams,
    body: invitationBody,
    responses: { 201: invitationSchema },
    errors: ["not_found", "forbidden", "conflict", "org_being_deleted", "too_many_attempts", "mail_not_configured"],
    handler: async ({ caller, params, body }) => {
      const invitation = await invite(deps, callerOf(caller), { ...params, ...body });
      return { status: 201 as const, body: toApiInvitation(invitation) };
    },
  });

export const listInvitationsRoute = (deps: RegistryDeps) =>
  defineRoute({
    method: "get",
    path,
    summary: "List the open invitations of an org that you own or administer",
    tags: ["Orgs"],
    auth: "session",
    params: orgParams,
    query: pageQuery,
    responses: { 200: invitationPageSchema },
    errors: ["not_found", "forbidden"],
    handler: async ({ caller, params, query }) => {
      const position = { after: query.cursor ?? null, limit: query.limit };
      const page = await listInvitations(deps, callerOf(caller), params.orgId, position);
      return { status: 200 as const, body: toApiPage(page, toApiInvitation) };
    },
  });

export const revokeInvitationRoute = (deps: RegistryDeps) =>
  defineRoute({
    ...sensitive,
    method: "delete",
    path: `${path}/:invitationId`,
    summary: "Revoke an open invitation",
    params: invitationParams,
    responses: { 204: z.undefined() },
    errors: ["not_found", "forbidden", "org_being_deleted"],
    handler: async ({ caller, params }) => {
      await revokeInvitation(deps, callerOf(caller), params);
      return { status: 204 as const, body: undefined };
    },
  });

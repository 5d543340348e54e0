import { AppError } from "@topdog/errors/app-error";
import type { Caller } from "../domain/caller.ts";
import { type Invitation, invitationLifetimeMs, maxOpenInvitations } from "../domain/invitation.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { type GivenRole, mayGiveRole } from "../domain/permissions.ts";
import { appendAudit } from "../store/audit-log.ts";
import {
  countInvitations,
  deleteInvitation,
  insertInvitation,
  listInvitations as readInvitations,
  takeLapsed,
} from "../store/invitations.ts";
import { createId } from "../store/key-material.ts";
import { isMemberAddress } from "../store/orgs.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { changeOrg, forbidden, type Permission, permitRunning } from "./change-org.ts";
import { limitAttempts } from "./limit-attempts.ts";
import { recordLapsed } from "./lapse-invitations.ts";
import { requireMember } from "./require-member.ts";

const dayMs = 86_400_000;
const limitsOf = (orgId: string, email: string) => [
  { of: `invitation by ${orgId} to ${email}`, max: 5, windowMs: dayMs },
  { of: `invitation by ${orgId}`, max: 300, windowMs: dayMs },
];

/**
 * Writes to an address on the org's behalf. The answer is the same whether the address has an account or not; that it is a
 * member's, who invites can see anyway.
 */
export async function invite(
  deps: RegistryDeps & { readonly canSendMail: boolean },
  caller: Caller,
  { orgId, email, role }: { orgId: string; email: string; role: GivenRole },
): Promise<Invitation> {
  const permit: Permission = (member) => {
    if (!mayGiveRole(member, role)) throw forbidden();
  };
  permit(await read(deps.db, actingOf(caller), (trx) => requireMember(trx, caller, orgId)));
  if (!deps.canSendMail) throw new AppError("mail_not_configured");
  await limitAttempts(deps.db, limitsOf(orgId, email), deps.nowMs());
  return changeOrg(deps, caller, orgId, permit, async ({ trx, at, actor }) => {
    await recordLapsed(trx, await takeLapsed(trx, orgId, at, maxOpenInvitations), at);
    if (await isMemberAddress(trx, orgId, email)) {
      throw new AppError("conflict", { detail: "This address is a member's already." });
    }
    if ((await countInvitations(trx, orgId)) >= maxOpenInvitations) {
      throw new AppError("conflict", {
        detail: `An org may have ${maxOpenInvitations} open invitations: revoke one first.`,
      });
    }
    const invitation: Invitation = {
      id: createId("inv", deps.randomBytes),
      orgId,
      email,
      role,
      invitedBy: caller.userId,
      createdAt: at,
      expiresAt: new Date(at.getTime() + invitationLifetimeMs),
    };
    if (!(await insertInvitation(trx, invitation))) {
      throw new AppError("conflict", {
        detail: "This address is invited already: revoke that invitation to send another.",
      });
    }
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "invitation.sent",
      target: invitation.id,
      details: { email, role },
    });
    return invitation;
  });
}

const permitManaging = permitRunning("Only the org's owner and admins see and revoke invitations.");

export async function listInvitations(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string,
  query: PageQuery<string>,
): Promise<Page<Invitation, string>> {
  const rows = await read(deps.db, actingOf(caller), async (trx) => {
    permitManaging(await requireMember(trx, caller, orgId));
    return readInvitations(trx, orgId, new Date(deps.nowMs()), withOneMore(query));
  });
  return pageOf(rows, query.limit, (one) => one.id);
}

export async function revokeInvitation(
  deps: RegistryDeps,
  caller: Caller,
  { orgId, invitationId }: { orgId: string; invitationId: string },
): Promise<void> {
  await changeOrg(deps, caller, orgId, permitManaging, async ({ trx, at, member, actor }) => {
    const ended = await deleteInvitation(trx, orgId, invitationId);
    if (ended === null) throw new AppError("not_found", { detail: "There is no such open invitation." });
    if (!mayGiveRole(member, ended.role)) throw forbidden();
    const details = { email: ended.email, role: ended.role };
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "invitation.revoked",
      target: ended.id,
      details,
    });
  });
}

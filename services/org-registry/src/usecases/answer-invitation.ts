import { AppError } from "@topdog/errors/app-error";
import type { Database, Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import type { Invitation } from "../domain/invitation.ts";
import type { Member, Org } from "../domain/org.ts";
import { paidSeats } from "../domain/seats.ts";
import { actFor } from "../store/acting.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { deleteInvitation, findInvitationByToken } from "../store/invitations.ts";
import { hashKey } from "../store/key-material.ts";
import { countActiveMembers, findOrg, insertMember, lockOrg } from "../store/orgs.ts";
import { findVerifiedAddress } from "../store/accounts.ts";
import { change, read, type RegistryDeps } from "./change.ts";
import { recordMemberChanges } from "./record-org-change.ts";

/** What somebody sees of an invitation before they answer. */
export interface OfferedMembership {
  readonly invitation: Invitation;
  readonly orgName: string;
}

/** For whoever has the link and the address that it was sent to. */
export async function showInvitation(deps: RegistryDeps, caller: Caller, token: string): Promise<OfferedMembership> {
  // Who is invited is in no org yet: the link and the address show whose invitation it is.
  return read(deps.db, "everyone", async (trx) => {
    const invitation = await requireOwn(trx, caller, token, new Date(deps.nowMs()));
    const org = await findOrg(trx, invitation.orgId);
    if (org === null) throw noInvitation();
    return { invitation, orgName: org.name };
  });
}

/** Makes the caller a member: with a seat when one is paid for and free, else without. Of any number of requests at once one succeeds. */
export async function acceptInvitation(deps: RegistryDeps, caller: Caller, token: string): Promise<Member> {
  return answer(deps, caller, token, async (trx, org, { id, role }, at) => {
    const seats = paidSeats(await findEntitlement(trx, `org:${org.id}`));
    // Who only pays takes no seat until they are given one.
    const active = role !== "billing" && (await countActiveMembers(trx, org.id)) < seats;
    const member = await insertMember(trx, { orgId: org.id, userId: caller.userId, role, active }, at);
    if (member === null) throw new AppError("conflict", { detail: "You are a member of this org already." });
    await appendAudit(trx, {
      chain: `org:${org.id}`,
      at,
      actor: actorOf(caller),
      action: "invitation.accepted",
      target: caller.userId,
      details: { invitationId: id },
      after: { role, active },
    });
    await recordMemberChanges(trx, org, [member], at);
    return member;
  });
}

export async function declineInvitation(deps: RegistryDeps, caller: Caller, token: string): Promise<void> {
  await answer(deps, caller, token, async (trx, org, { id, email, role }, at) => {
    await appendAudit(trx, {
      chain: `org:${org.id}`,
      at,
      actor: "the invited",
      action: "invitation.declined",
      target: id,
      details: { email, role },
    });
  });
}

/** An answer ends the invitation, under the org's lock: seats are counted, and others' answers wait. */
async function answer<T>(
  deps: RegistryDeps,
  caller: Caller,
  token: string,
  work: (trx: Transaction, org: Org, invitation: Invitation, at: Date) => Promise<T>,
): Promise<T> {
  return change(deps, "everyone", async (trx, at) => {
    const { orgId, id } = await requireOwn(trx, caller, token, at);
    await actFor(trx, { userId: caller.userId, orgId });
    const org = await lockOrg(trx, orgId);
    const invitation = await deleteInvitation(trx, orgId, id);
    if (org === null || org.deletionDueAt !== null || invitation === null) throw noInvitation();
    return work(trx, org, invitation, at);
  });
}

async function requireOwn(db: Database, caller: Caller, token: string, at: Date): Promise<Invitation> {
  const invitation = await findInvitationByToken(db, hashKey(token), at);
  if (invitation === null) throw noInvitation();
  const address = await findVerifiedAddress(db, caller.userId);
  if (address?.toLowerCase() !== invitation.email) {
    throw new AppError("forbidden", {
      detail: "This invitation was sent to another address than the verified one of your account.",
    });
  }
  return invitation;
}

/** The same for one that never was, has lapsed, was revoked or is answered. */
const noInvitation = (): AppError =>
  new AppError("not_found", { detail: "This invitation is not open: it was answered, was revoked, or has lapsed." });

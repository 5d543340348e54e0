import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import { deletionGraceMs, type Org } from "../domain/org.ts";
import { maxServiceAccounts } from "../domain/service-account.ts";
import { findLiveKey, listLiveKeyIdsOf } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { deleteInvitationsOf } from "../store/invitations.ts";
import { bumpMemberVersion } from "../store/member-changes.ts";
import {
  listKeyHolders,
  listMemberIds,
  listOrgsToDelete,
  markDeleted,
  saveDeletionDue,
} from "../store/org-lifecycle.ts";
import { findMember, lockOrg } from "../store/orgs.ts";
import { listServiceAccounts } from "../store/service-accounts.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { announceChange } from "./change-key.ts";
import { changeOrg } from "./change-org.ts";
import { endServiceAccount } from "./manage-service-accounts.ts";
import { recordMemberChanges } from "./record-org-change.ts";
import { endMembership } from "./remove-member.ts";
import { orgNotFound, requireMember } from "./require-member.ts";
import { revokeCredentialsOf } from "./revoke-credential.ts";
import { ownerOnly } from "./transfer-ownership.ts";

/** From now on the org's keys are refused, and nothing of it changes; after the grace it is gone. */
export async function deleteOrg(deps: RegistryDeps, caller: Caller, orgId: string, reason?: string): Promise<Org> {
  return changeOrg(deps, caller, orgId, ownerOnly, async ({ trx, at, org, actor }) => {
    const deletionDueAt = new Date(at.getTime() + deletionGraceMs);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "org.deletion_begun",
      target: orgId,
      details: { deletionDueAt: deletionDueAt.toISOString() },
      reason,
    });
    return saveDeletion(trx, { ...org, deletionDueAt }, at);
  });
}

/** Undoes a deletion within its grace: keys work again. */
export async function restoreOrg(deps: RegistryDeps, caller: Caller, orgId: string): Promise<Org> {
  return change(deps, actingOf(caller), async (trx, at) => {
    ownerOnly(await requireMember(trx, caller, orgId));
    const org = await lockOrg(trx, orgId);
    if (org === null) throw orgNotFound();
    ownerOnly(await requireMember(trx, caller, orgId));
    if (org.deletionDueAt === null) throw new AppError("conflict", { detail: "This org is not being deleted." });
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor: actorOf(caller),
      action: "org.restored",
      target: orgId,
      details: {},
    });
    return saveDeletion(trx, { ...org, deletionDueAt: null }, at);
  });
}

/** Announces every member who holds a key of the org, and every key of a service account, so that gateways ask about those keys again. */
async function saveDeletion(trx: Transaction, org: Org, at: Date): Promise<Org> {
  await saveDeletionDue(trx, org.id, org.deletionDueAt);
  const changed = [];
  for (const userId of await listKeyHolders(trx, org.id)) {
    const member = await findMember(trx, org.id, userId);
    if (member !== null) changed.push({ ...member, version: await bumpMemberVersion(trx, org.id, userId) });
  }
  for (const account of await listServiceAccounts(trx, org.id, everyServiceAccount)) {
    for (const keyId of await listLiveKeyIdsOf(trx, account.id)) {
      const key = await findLiveKey(trx, keyId);
      if (key !== null) await announceChange(trx, key, at);
    }
  }
  return recordMemberChanges(trx, org, changed, at);
}

const everyServiceAccount = { after: null, limit: maxServiceAccounts };
const orgsPerRun = 50;
const actor = "org deletion";

/** Ends the orgs whose grace is over: no members, no keys, no credentials. What the audit log says of them stays. */
export async function completeDeletions(deps: RegistryDeps, signal: AbortSignal): Promise<number> {
  const due = await change(deps, "everyone", (trx, at) => listOrgsToDelete(trx, at, orgsPerRun));
  for (const orgId of due) {
    signal.throwIfAborted();
    await change(deps, { orgId }, (trx, at) => completeDeletion(trx, orgId, at));
  }
  return due.length;
}

async function completeDeletion(trx: Transaction, orgId: string, at: Date): Promise<void> {
  const org = await lockOrg(trx, orgId);
  // Restored, or completed by another instance, while this one waited for the lock.
  if (org === null || org.deletionDueAt === null || org.deletionDueAt > at) return;
  const removed = [];
  for (const userId of await listMemberIds(trx, orgId)) {
    const member = await findMember(trx, orgId, userId);
    if (member !== null) removed.push(await endMembership(trx, org, member, { actor, leaves: false }, at));
  }
  for (const account of await listServiceAccounts(trx, orgId, everyServiceAccount)) {
    await endServiceAccount(trx, account, actor, at);
  }
  await revokeCredentialsOf(trx, `org:${orgId}`, { actor, reason: "the org was deleted" }, at);
  await recordMemberChanges(trx, org, removed, at, { deleted: true });
  await appendAudit(trx, { chain: `org:${orgId}`, at, actor, action: "org.deleted", target: orgId, details: {} });
  await deleteInvitationsOf(trx, orgId);
  await markDeleted(trx, orgId, at);
}

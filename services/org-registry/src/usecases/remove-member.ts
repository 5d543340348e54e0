import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import type { Caller } from "../domain/caller.ts";
import type { Member, Org } from "../domain/org.ts";
import { mayChangeMember } from "../domain/permissions.ts";
import { listLiveKeyIds, lockLiveKey } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { markRemoved } from "../store/member-changes.ts";
import { saveOffer } from "../store/org-lifecycle.ts";
import { findMember } from "../store/orgs.ts";
import type { RegistryDeps } from "./change.ts";
import { changeOrg, forbidden, permitRunning } from "./change-org.ts";
import { recordMemberChanges } from "./record-org-change.ts";
import { forgetAllowedMember } from "./revoke-credential.ts";
import { withdrawKey } from "./revoke-key.ts";

/** Removes a member, or lets the caller leave. The member's keys of this org are revoked with it; the owner hands the org over first. */
export async function removeMember(
  deps: RegistryDeps,
  caller: Caller,
  { orgId, userId }: { orgId: string; userId: string },
  reason: string | undefined,
): Promise<void> {
  const permitLeaving = (member: Member): void => {
    if (member.role === "owner" && userId === caller.userId) {
      throw new AppError("conflict", {
        detail: "The owner cannot leave: transfer the ownership first, or delete the org.",
      });
    }
  };
  const leaves = userId === caller.userId;
  await changeOrg(
    deps,
    caller,
    orgId,
    leaves ? permitLeaving : permitRunning(),
    async ({ trx, at, org, member, actor }) => {
      const subject = await findMember(trx, orgId, userId);
      if (subject === null) throw new AppError("not_found", { detail: "There is no such member." });
      if (!leaves && !mayChangeMember(member, subject)) throw forbidden();
      const removed = await endMembership(trx, org, subject, { actor, leaves, reason }, at);
      await recordMemberChanges(trx, org, [removed], at);
    },
  );
}

interface Ending {
  readonly actor: string;
  readonly leaves: boolean;
  readonly reason?: string | undefined;
}

/** The part that leaving, being removed and the deletion of the org share. */
export async function endMembership(
  trx: Transaction,
  org: Org,
  subject: Member,
  { actor, leaves, reason }: Ending,
  at: Date,
): Promise<Member & { removed: true }> {
  const { orgId, userId, role, active } = subject;
  // First the member: a key that is being made for it holds this row until it is there to be revoked.
  const version = await markRemoved(trx, orgId, userId, at);
  for (const keyId of await listLiveKeyIds(trx, orgId, userId)) {
    const key = await lockLiveKey(trx, keyId);
    // It was revoked with the key that made it.
    if (key !== null) await withdrawKey(trx, key, actor, at);
  }
  await forgetAllowedMember(trx, { tenant: `org:${orgId}`, userId, actor }, at);
  if (org.offer?.userId === userId) await saveOffer(trx, orgId, null);
  await appendAudit(trx, {
    chain: `org:${orgId}`,
    at,
    actor,
    action: leaves ? "member.left" : "member.removed",
    target: userId,
    details: {},
    reason,
    before: { role, active },
  });
  return { ...subject, version, role: "member", active: false, activatedAt: null, removed: true };
}

import { AppError } from "@topdog/errors/app-error";
import type { Caller } from "../domain/caller.ts";
import { type Member, maxOrgsPerOwner, offerLifetimeMs, openOffer, type Org } from "../domain/org.ts";
import { appendAudit } from "../store/audit-log.ts";
import { countOwnedOrgs, saveOffer, saveOwner } from "../store/org-lifecycle.ts";
import { findMember, updateMember } from "../store/orgs.ts";
import { lockUser } from "../store/users.ts";
import type { RegistryDeps } from "./change.ts";
import { changeOrg, forbidden } from "./change-org.ts";
import { recordMemberChanges } from "./record-org-change.ts";

export const ownerOnly = ({ role }: Member): void => {
  if (role !== "owner") throw new AppError("owner_only");
};

/** The org stays the owner's until the member accepts. A second offer takes the place of the first. */
export async function offerOwnership(deps: RegistryDeps, caller: Caller, orgId: string, userId: string): Promise<Org> {
  return changeOrg(deps, caller, orgId, ownerOnly, async ({ trx, at, org, actor }) => {
    const subject = userId === caller.userId ? null : await findMember(trx, orgId, userId);
    if (subject === null) throw new AppError("not_found", { detail: "There is no such other member." });
    if (!subject.active) {
      throw new AppError("conflict", { detail: "An owner holds a seat: activate this member first." });
    }
    const offer = { userId, expiresAt: new Date(at.getTime() + offerLifetimeMs) };
    await saveOffer(trx, orgId, offer);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor,
      action: "ownership.offered",
      target: userId,
      details: {},
    });
    return { ...org, offer };
  });
}

/** The owner withdraws the offer, or the member whom it was made to declines it. */
export async function endOffer(deps: RegistryDeps, caller: Caller, orgId: string): Promise<void> {
  await changeOrg(
    deps,
    caller,
    orgId,
    () => undefined,
    async ({ trx, at, org, member, actor }) => {
      if (org.offer === null && member.role === "owner") throw noOffer();
      if (member.role !== "owner" && org.offer?.userId !== caller.userId) throw forbidden();
      await saveOffer(trx, orgId, null);
      const action = member.role === "owner" ? "ownership.offer_withdrawn" : "ownership.offer_declined";
      await appendAudit(trx, {
        chain: `org:${orgId}`,
        at,
        actor,
        action,
        target: org.offer?.userId ?? "",
        details: {},
      });
    },
  );
}

/** Makes the caller, whom the org was offered to, its owner; who was it before becomes an admin. */
export async function acceptOwnership(deps: RegistryDeps, caller: Caller, orgId: string): Promise<Org> {
  return changeOrg(
    deps,
    caller,
    orgId,
    () => undefined,
    async ({ trx, at, org, member, actor }) => {
      const { userId } = caller;
      if (openOffer(org, at)?.userId !== userId) throw noOffer();
      if (!member.active)
        throw new AppError("conflict", { detail: "An owner holds a seat, and you have none at the moment." });
      await requireRoomForOrg(trx, userId);
      // In this order: an org never has two owners.
      const former = { orgId, active: true, dailyCeiling: null } as const;
      const before = await updateMember(trx, { ...former, userId: org.ownerUserId, role: "admin" }, at);
      const after = await updateMember(trx, { ...former, userId, role: "owner" }, at);
      await saveOwner(trx, orgId, userId);
      await saveOffer(trx, orgId, null);
      await appendAudit(trx, {
        chain: `org:${orgId}`,
        at,
        actor,
        action: "ownership.transferred",
        target: userId,
        details: {},
        before: { ownerUserId: org.ownerUserId },
        after: { ownerUserId: userId },
      });
      return recordMemberChanges(trx, { ...org, ownerUserId: userId, offer: null }, [before, after], at);
    },
  );
}

/** Refuses a user who owns as many orgs as one may. The user stays locked, so that the count is right until the commit. */
export async function requireRoomForOrg(trx: Parameters<typeof lockUser>[0], userId: string): Promise<void> {
  if (!(await lockUser(trx, userId))) throw new AppError("not_found", { detail: "There is no such user." });
  if ((await countOwnedOrgs(trx, userId)) < maxOrgsPerOwner) return;
  throw new AppError("conflict", { detail: `A user may own ${maxOrgsPerOwner} orgs: transfer or delete one first.` });
}

const noOffer = (): AppError =>
  new AppError("conflict", { detail: "The ownership is not on offer, or the offer has lapsed." });

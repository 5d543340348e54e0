import type { MemberRole } from "@topdog/contracts/events/org-events";
import { AppError } from "@topdog/errors/app-error";
import type { Caller } from "../domain/caller.ts";
import type { Member } from "../domain/org.ts";
import { mayChangeMember, mayGiveRole } from "../domain/permissions.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findMember, lockOrg, updateMember } from "../store/orgs.ts";
import { findUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { recordMemberChanges } from "./record-org-change.ts";
import { orgNotFound, requireMember } from "./require-member.ts";
import { requireFreeSeat } from "./take-seat.ts";

export interface MemberPatch {
  readonly active?: boolean | undefined;
  readonly role?: MemberRole | undefined;
}

/** Gives or takes a seat or a role. A patch that changes nothing writes nothing. */
export async function changeMember(
  deps: RegistryDeps,
  caller: Caller,
  at: { orgId: string; userId: string },
  patch: MemberPatch,
): Promise<Member & { email: string }> {
  const { orgId, userId } = at;
  return change(deps, async (trx, now) => {
    const org = await lockOrg(trx, orgId);
    const actor = await requireMember(trx, caller, orgId);
    if (org === null) throw orgNotFound();
    const before = await findMember(trx, orgId, userId);
    const user = await findUser(trx, { userId });
    if (before === null || user === null) throw new AppError("not_found", { detail: "There is no such member." });
    const role = patch.role ?? before.role;
    const active = patch.active ?? before.active;
    if (!mayChangeMember(actor, before) || !mayGiveRole(actor, role)) {
      throw new AppError("forbidden", { detail: "Your role does not allow this change." });
    }
    if (role === before.role && active === before.active) return { ...before, email: user.email };
    if (active && !before.active) await requireFreeSeat(trx, orgId);
    const after = await updateMember(trx, { orgId, userId, role, active }, now);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at: now,
      actor: caller.userId,
      action: "member.changed",
      target: userId,
      details: { role, active, roleBefore: before.role, activeBefore: before.active },
    });
    await recordMemberChanges(trx, org, [after], now);
    return { ...after, email: user.email };
  });
}

import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import type { Member } from "../domain/org.ts";
import { type GivenRole, mayChangeMember, mayGiveRole } from "../domain/permissions.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findMember, updateMember } from "../store/orgs.ts";
import { findUser, type User } from "../store/users.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { lockLiveOrg } from "./change-org.ts";
import { recordMemberChanges } from "./record-org-change.ts";
import { requireMember } from "./require-member.ts";
import { requireFreeSeat } from "./take-seat.ts";

export interface MemberPatch {
  readonly active?: boolean | undefined;
  readonly role?: GivenRole | undefined;
  /** Calls a day; null: no ceiling. */
  readonly dailyCeiling?: number | null | undefined;
}

interface MemberId {
  readonly orgId: string;
  readonly userId: string;
}

/** Gives or takes a seat, a role or a ceiling. A patch that changes nothing writes nothing. */
export async function changeMember(
  deps: RegistryDeps,
  caller: Caller,
  id: MemberId,
  patch: MemberPatch,
): Promise<Member & { email: string }> {
  const { orgId, userId } = id;
  return change(deps, actingOf(caller), async (trx, at) => {
    // Before the lock too: whoever may not change the org must not be able to hold it up.
    await requireChangeable(trx, caller, id, patch);
    const org = await lockLiveOrg(trx, orgId);
    const { before, user } = await requireChangeable(trx, caller, id, patch);
    const role = patch.role ?? before.role;
    const active = patch.active ?? before.active;
    const dailyCeiling = patch.dailyCeiling === undefined ? before.dailyCeiling : patch.dailyCeiling;
    const isSame = role === before.role && active === before.active && dailyCeiling === before.dailyCeiling;
    if (isSame) return { ...before, email: user.email };
    if (active && !before.active) await requireFreeSeat(trx, orgId);
    const after = await updateMember(trx, { orgId, userId, role, active, dailyCeiling }, at);
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor: actorOf(caller),
      action: "member.changed",
      target: userId,
      details: {},
      before: { role: before.role, active: before.active, dailyCeiling: before.dailyCeiling },
      after: { role, active, dailyCeiling },
    });
    await recordMemberChanges(trx, org, [after], at);
    return { ...after, email: user.email };
  });
}

/** The member as they are now, when the caller may change them so; else AppError 404 or 403. */
async function requireChangeable(
  trx: Transaction,
  caller: Caller,
  { orgId, userId }: MemberId,
  patch: MemberPatch,
): Promise<{ before: Member; user: User }> {
  const actor = await requireMember(trx, caller, orgId);
  const before = await findMember(trx, orgId, userId);
  const user = before === null ? null : await findUser(trx, { userId });
  if (before === null || user === null) throw new AppError("not_found", { detail: "There is no such member." });
  if (!mayChangeMember(actor, before) || !mayGiveRole(actor, patch.role ?? before.role)) {
    throw new AppError("forbidden", { detail: "Your role does not allow this change." });
  }
  return { before, user };
}

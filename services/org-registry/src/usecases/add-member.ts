import type { MemberRole } from "@topdog/contracts/events/org-events";
import { AppError } from "@topdog/errors/app-error";
import type { Caller } from "../domain/caller.ts";
import type { Member } from "../domain/org.ts";
import { mayGiveRole } from "../domain/permissions.ts";
import { appendAudit } from "../store/audit-log.ts";
import { insertMember, lockOrg } from "../store/orgs.ts";
import { findUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { recordMemberChanges } from "./record-org-change.ts";
import { orgNotFound, requireMember } from "./require-member.ts";
import { requireFreeSeat } from "./take-seat.ts";

export interface NewMember {
  readonly who: { userId: string } | { email: string };
  readonly role: MemberRole;
  /** False adds a member without a seat. */
  readonly active: boolean;
}

export async function addMember(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string,
  input: NewMember,
): Promise<Member & { email: string }> {
  return change(deps, async (trx, at) => {
    const org = await lockOrg(trx, orgId);
    const actor = await requireMember(trx, caller, orgId);
    if (org === null) throw orgNotFound();
    if (!mayGiveRole(actor, input.role)) {
      throw new AppError("forbidden", { detail: `Your role does not allow adding the role ${input.role}.` });
    }
    const user = await findUser(trx, input.who);
    if (user === null) throw new AppError("not_found", { detail: "There is no such user." });
    if (input.active) await requireFreeSeat(trx, orgId);
    const added = await insertMember(trx, { orgId, userId: user.id, role: input.role, active: input.active }, at);
    if (added === null) throw new AppError("conflict", { detail: "This user is a member already." });
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor: caller.userId,
      action: "member.added",
      target: user.id,
      details: { role: added.role, active: added.active },
    });
    await recordMemberChanges(trx, org, [added], at);
    return { ...added, email: user.email };
  });
}

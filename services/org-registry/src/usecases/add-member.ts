import { AppError } from "@topdog/errors/app-error";
import { operator } from "../domain/caller.ts";
import type { Member } from "../domain/org.ts";
import type { GivenRole } from "../domain/permissions.ts";
import { appendAudit } from "../store/audit-log.ts";
import { insertMember } from "../store/orgs.ts";
import { findUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { lockLiveOrg } from "./change-org.ts";
import { recordMemberChanges } from "./record-org-change.ts";
import { requireFreeSeat } from "./take-seat.ts";

export interface NewMember {
  readonly who: { userId: string } | { email: string };
  readonly role: GivenRole;
  /** False adds a member without a seat. */
  readonly active: boolean;
}

/** For operators alone: an owner with this right could make people members who never agreed, and would learn who has an account. */
export async function addMember(
  deps: RegistryDeps,
  orgId: string,
  { who, role, active }: NewMember,
): Promise<Member & { email: string }> {
  return change(deps, "everyone", async (trx, at) => {
    const org = await lockLiveOrg(trx, orgId);
    const user = await findUser(trx, who);
    if (user === null) throw new AppError("not_found", { detail: "There is no such user." });
    if (active) await requireFreeSeat(trx, orgId);
    const added = await insertMember(trx, { orgId, userId: user.id, role, active }, at);
    if (added === null) throw new AppError("conflict", { detail: "This user is a member already." });
    await appendAudit(trx, {
      chain: `org:${orgId}`,
      at,
      actor: operator,
      action: "member.added",
      target: user.id,
      details: { role, active },
    });
    await recordMemberChanges(trx, org, [added], at);
    return { ...added, email: user.email };
  });
}

import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import type { Member, Org } from "../domain/org.ts";
import { runsOrg } from "../domain/permissions.ts";
import { actFor } from "../store/acting.ts";
import { lockOrg } from "../store/orgs.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { orgNotFound, requireMember } from "./require-member.ts";

/** One change of an org, under its owner lock. */
export interface OrgChange {
  readonly trx: Transaction;
  readonly at: Date;
  readonly org: Org;
  /** The caller's own membership. */
  readonly member: Member;
  /** As the audit log names the caller. */
  readonly actor: string;
}

/** Throws AppError 403 when this member may not make the change. */
export type Permission = (member: Member) => void;

export const forbidden = (detail = "Your role does not allow this change."): AppError =>
  new AppError("forbidden", { detail });

/** For the org's owner and admins. */
export const permitRunning =
  (detail?: string): Permission =>
  (member) => {
    if (!runsOrg(member)) throw forbidden(detail);
  };

/**
 * Changes an org for one of its members. The permission is asked for before the lock too: whoever may not change the org must
 * not be able to hold it up.
 */
export async function changeOrg<T>(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string,
  permit: Permission,
  work: (change: OrgChange) => Promise<T>,
): Promise<T> {
  return change(deps, actingOf(caller), async (trx, at) => {
    permit(await requireMember(trx, caller, orgId));
    // To the end, also when the change ends their own membership.
    await actFor(trx, { userId: caller.userId, orgId });
    const org = await lockLiveOrg(trx, orgId);
    const member = await requireMember(trx, caller, orgId);
    permit(member);
    return work({ trx, at, org, member, actor: actorOf(caller) });
  });
}

/** The owner lock of an org that is not waiting for its deletion; else AppError 404 or 409. */
export async function lockLiveOrg(trx: Transaction, orgId: string): Promise<Org> {
  const org = await lockOrg(trx, orgId);
  if (org === null) throw orgNotFound();
  if (org.deletionDueAt !== null) throw new AppError("org_being_deleted");
  return org;
}

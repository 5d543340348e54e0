import type { PlanId } from "@topdog/contracts/plans";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { Caller } from "../domain/caller.ts";
import { type Member, openOffer, type Org } from "../domain/org.ts";
import { type Page, pageOf, type PageQuery, withOneMore } from "../domain/page.ts";
import { paidSeats } from "../domain/seats.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { countActiveMembers, findOrg, listMembers, listOrgsOf } from "../store/orgs.ts";
import { actingOf, read, type RegistryDeps } from "./change.ts";
import { orgNotFound, requireMember } from "./require-member.ts";

export interface OrgView extends Org {
  readonly plan: PlanId;
  readonly seats: number;
  readonly activeMembers: number;
  /** The caller's own membership. */
  readonly role: MemberRole;
  readonly active: boolean;
}

export async function listOrgs(
  deps: RegistryDeps,
  caller: Caller,
  query: PageQuery<string>,
): Promise<Page<Org, string>> {
  const rows = await read(deps.db, actingOf(caller), (trx) =>
    listOrgsOf(trx, caller.userId, caller.orgId, withOneMore(query)),
  );
  const at = new Date(deps.nowMs());
  const orgs = rows.map((org) => ({ ...org, offer: openOffer(org, at) }));
  return pageOf(orgs, query.limit, (org) => org.id);
}

export async function getOrg(deps: RegistryDeps, caller: Caller, orgId: string): Promise<OrgView> {
  return read(deps.db, actingOf(caller), async (trx) => {
    const member = await requireMember(trx, caller, orgId);
    const org = await findOrg(trx, orgId);
    if (org === null) throw orgNotFound();
    const entitlement = await findEntitlement(trx, `org:${orgId}`);
    return {
      ...org,
      offer: openOffer(org, new Date(deps.nowMs())),
      plan: entitlement?.plan ?? "free",
      seats: paidSeats(entitlement),
      activeMembers: await countActiveMembers(trx, orgId),
      role: member.role,
      active: member.active,
    };
  });
}

export async function listOrgMembers(
  deps: RegistryDeps,
  caller: Caller,
  orgId: string,
  query: PageQuery<string>,
): Promise<Page<Member & { email: string }, string>> {
  const rows = await read(deps.db, actingOf(caller), async (trx) => {
    const { active } = await requireMember(trx, caller, orgId);
    // Who holds no seat learns nobody else's address.
    return listMembers(trx, orgId, active ? null : caller.userId, withOneMore(query));
  });
  return pageOf(rows, query.limit, (member) => member.userId);
}

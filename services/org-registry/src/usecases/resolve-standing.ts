import { orgTenant, userTenant } from "@topdog/contracts/byok";
import type { Standing } from "@topdog/contracts/rpc/resolve-standing";
import type { Database } from "@topdog/postgres/pool";
import { capacityOf, type Tenant } from "../domain/credential.ts";
import { findTenant } from "../store/byok-tenants.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { findMember } from "../store/orgs.ts";
import { read } from "./change.ts";

/** Of an org that is missing, and of one whose member the user is not, it tells the same. */
export async function resolveStandingOf(db: Database, userId: string, orgId: string | null): Promise<Standing> {
  return read(db, { userId }, async (trx) => {
    const member = orgId === null ? null : await findMember(trx, orgId, userId);
    const byok = [await slotsOf(trx, "user", userTenant(userId) as Tenant)];
    if (member === null) return { member: null, byok };
    byok.push(await slotsOf(trx, "org", orgTenant(member.orgId) as Tenant));
    const { role, active, dailyCeiling, version } = member;
    const ceiling = dailyCeiling === null ? {} : { ceiling: { limit: dailyCeiling, version } };
    return { member: { role, active, ...ceiling }, byok };
  });
}

async function slotsOf(db: Database, scope: "user" | "org", tenant: Tenant): Promise<Standing["byok"][number]> {
  const { used } = await findTenant(db, tenant);
  return { scope, used, capacity: capacityOf(tenant, await findEntitlement(db, tenant)) };
}

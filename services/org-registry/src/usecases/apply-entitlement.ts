import type { Transaction } from "@topdog/postgres/pool";
import type { Tenant } from "../domain/credential.ts";
import type { Member } from "../domain/org.ts";
import { type Entitlement, paidSeats, seatsToGiveUp } from "../domain/seats.ts";
import { actFor, actingTenant } from "../store/acting.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findEntitlement, putNewerEntitlement } from "../store/entitlements.ts";
import { listActiveMembers, lockOrg, updateMember } from "../store/orgs.ts";
import { applyCapacity } from "./byok-settings.ts";
import { recordMemberChanges } from "./record-org-change.ts";

/**
 * Stores what billing says without question: when fewer seats are paid for, surplus members lose theirs in the same
 * transaction. An older or repeated snapshot changes nothing.
 */
export async function applyEntitlement(
  trx: Transaction,
  entitlement: Entitlement,
  at: Date,
): Promise<{ applied: boolean; deactivated: readonly string[] }> {
  const { owner, version, seats } = entitlement;
  const [kind, id = ""] = owner.split(":");
  await actFor(trx, actingTenant(owner));
  // The owner lock comes before the entitlement: an activation that is counting seats must finish first.
  const org = kind === "org" ? await lockOrg(trx, id) : null;
  const before = await findEntitlement(trx, owner);
  if (!(await putNewerEntitlement(trx, entitlement))) return { applied: false, deactivated: [] };
  await applyCapacity(trx, owner as Tenant, before, entitlement, at);
  if (org === null) return { applied: true, deactivated: [] };

  const active = await listActiveMembers(trx, org.id);
  const holders = active.map((member) => ({
    userId: member.userId,
    owner: member.role === "owner",
    activatedAtMs: member.activatedAt?.getTime() ?? 0,
  }));
  const losing = new Set(seatsToGiveUp(holders, paidSeats(entitlement)));
  const changed: Member[] = [];
  for (const member of active.filter((one) => losing.has(one.userId))) {
    changed.push(await updateMember(trx, { ...member, active: false }, at));
    await appendAudit(trx, {
      chain: `org:${org.id}`,
      at,
      actor: "subscription.updated",
      action: "member.seat_lost",
      target: member.userId,
      details: { seats, version },
    });
  }
  if (changed.length > 0) await recordMemberChanges(trx, org, changed, at);
  return { applied: true, deactivated: changed.map((member) => member.userId) };
}

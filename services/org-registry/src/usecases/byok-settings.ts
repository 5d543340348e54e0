import { byokSettingsChanged } from "@topdog/contracts/events/credential-events";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import { capacityOf, type Tenant } from "../domain/credential.ts";
import type { Entitlement } from "../domain/seats.ts";
import { appendAudit } from "../store/audit-log.ts";
import { fitToCapacity } from "../store/blocked-credentials.ts";
import { lockKnownTenant, lockTenant, setFallback } from "../store/byok-tenants.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { reachTenant } from "./reach-tenant.ts";

/** Whether the tenant's calls may go on with the platform's credential when its own fail. */
export async function chooseFallback(
  deps: RegistryDeps,
  caller: Caller,
  { orgId, fallback }: { readonly orgId?: string | undefined; readonly fallback: boolean },
): Promise<void> {
  await change(deps, actingOf(caller), async (trx, at) => {
    const tenant = await reachTenant(trx, caller, orgId);
    const before = (await lockTenant(trx, tenant)).fallback;
    if (before === fallback) return;
    await setFallback(trx, tenant, fallback);
    await appendAudit(trx, {
      chain: tenant,
      at,
      actor: actorOf(caller),
      action: "byok.settings_changed",
      target: tenant,
      details: { fallback, fallbackBefore: before },
    });
    await announce(trx, tenant, { capacity: capacityOf(tenant, await findEntitlement(trx, tenant)), fallback }, at);
  });
}

/**
 * Follows a change of the entitlement. More than the plan allows are kept: the newest are blocked, go on working for the time of
 * grace, and are disabled then by a job.
 */
export async function applyCapacity(
  trx: Transaction,
  tenant: Tenant,
  before: Entitlement | null,
  after: Entitlement,
  at: Date,
): Promise<void> {
  const state = await lockKnownTenant(trx, tenant);
  const capacity = capacityOf(tenant, after);
  if (state !== null) await fitToCapacity(trx, tenant, capacity, at);
  if (capacity === capacityOf(tenant, before)) return;
  await announce(trx, tenant, { capacity, fallback: state?.fallback ?? false }, at);
}

async function announce(
  trx: Transaction,
  tenant: Tenant,
  settings: { readonly capacity: number; readonly fallback: boolean },
  at: Date,
): Promise<void> {
  await appendOutbox(trx, byokSettingsChanged, { tenant, ...settings, at: at.toISOString() });
}

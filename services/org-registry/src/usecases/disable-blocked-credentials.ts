import type { Tenant } from "../domain/credential.ts";
import { actingTenant } from "../store/acting.ts";
import { disableBlockedBefore, tenantsBlockedBefore } from "../store/blocked-credentials.ts";
import { lockTenant } from "../store/byok-tenants.ts";
import { change, read, type RegistryDeps } from "./change.ts";
import { recordCredential } from "./record-credential.ts";

const credentialsPerRun = 500;

/** Ends the grace: what its tenant's plan has not allowed for so long is kept and used no more. Returns how many. */
export async function disableBlockedCredentials(
  deps: RegistryDeps,
  graceMs: number,
  signal: AbortSignal,
): Promise<number> {
  const before = new Date(deps.nowMs() - graceMs);
  const tenants = await read(deps.db, "everyone", (trx) => tenantsBlockedBefore(trx, before, credentialsPerRun));
  let disabled = 0;
  for (const tenant of tenants) {
    if (signal.aborted) break;
    disabled += await disableOf(deps, tenant, before);
  }
  return disabled;
}

async function disableOf(deps: RegistryDeps, tenant: Tenant, before: Date): Promise<number> {
  return change(deps, actingTenant(tenant), async (trx, at) => {
    await lockTenant(trx, tenant);
    const disabled = await disableBlockedBefore(trx, tenant, before, at);
    for (const one of disabled) {
      const act = { actor: "grace of a downgrade", action: "credential.disabled", details: {} } as const;
      await recordCredential(trx, { ...one, tenant }, act, at);
    }
    return disabled.length;
  });
}

import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import { capacityOf, type Credential, type Tenant } from "../domain/credential.ts";
import { fitToCapacity } from "../store/blocked-credentials.ts";
import { lockKnownTenant, recount } from "../store/byok-tenants.ts";
import { disallowMember, listLiveCredentials, shredCredential } from "../store/credentials.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { lockCredential } from "./change-credential.ts";
import { recordCredential } from "./record-credential.ts";

/** The envelope is gone with the commit; routers drop theirs when the event arrives. */
export async function revokeCredential(deps: RegistryDeps, caller: Caller, id: string, reason: string): Promise<void> {
  await change(deps, actingOf(caller), async (trx, at) => {
    const credential = await lockCredential(trx, caller, id);
    await withdraw(trx, credential, { actor: actorOf(caller), reason }, at);
  });
}

/** Every credential of an org that is gone. */
export async function revokeCredentialsOf(
  trx: Transaction,
  tenant: Tenant,
  how: { readonly actor: string; readonly reason: string },
  at: Date,
): Promise<void> {
  if ((await lockKnownTenant(trx, tenant)) === null) return;
  for (const credential of await listLiveCredentials(trx, tenant)) await withdraw(trx, credential, how, at);
}

/** Who is no member any more is taken off the lists of whose calls the org's credentials may serve. */
export async function forgetAllowedMember(
  trx: Transaction,
  { tenant, userId, actor }: { readonly tenant: Tenant; readonly userId: string; readonly actor: string },
  at: Date,
): Promise<void> {
  if ((await lockKnownTenant(trx, tenant)) === null) return;
  for (const credential of await disallowMember(trx, tenant, userId, at)) {
    const details = { removedMember: userId };
    await recordCredential(trx, credential, { actor, action: "credential.changed", details }, at);
  }
}

async function withdraw(
  trx: Transaction,
  credential: Credential,
  { actor, reason }: { readonly actor: string; readonly reason: string },
  at: Date,
): Promise<void> {
  const { id, tenant, label, lastFour } = credential;
  await shredCredential(trx, id, reason, at);
  await recount(trx, tenant);
  // The slot may let a blocked one work again.
  await fitToCapacity(trx, tenant, capacityOf(tenant, await findEntitlement(trx, tenant)), at);
  const details = { label, lastFour };
  await recordCredential(trx, credential, { actor, action: "credential.revoked", reason, details }, at);
}

import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import { capacityOf, type Credential } from "../domain/credential.ts";
import { fitToCapacity } from "../store/blocked-credentials.ts";
import { recount } from "../store/byok-tenants.ts";
import { shredCredential } from "../store/credentials.ts";
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

import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { AppError } from "@topdog/errors/app-error";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { StoredApiKey } from "../domain/api-key.ts";
import { actorOf, type Caller, operator } from "../domain/caller.ts";
import { keyReaches, mayRevokeOrgKey, runsOrg } from "../domain/permissions.ts";
import { findLiveKey, lockLiveKey, markRevoked } from "../store/api-keys.ts";
import { appendAudit, chainOfKey } from "../store/audit-log.ts";
import { findMember } from "../store/orgs.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";

/** A key that is missing, already revoked or not the caller's to revoke gives the same 404. */
export async function revokeKey(deps: RegistryDeps, caller: Caller, keyId: string): Promise<void> {
  await change(deps, actingOf(caller), async (trx, at) => {
    // Before the lock too: whoever may not revoke the key must not be able to hold it up.
    await requireRevocable(trx, caller, await findLiveKey(trx, keyId));
    const key = await requireRevocable(trx, caller, await lockLiveKey(trx, keyId));
    await withdrawKey(trx, key, actorOf(caller), at);
  });
}

/** Revokes any live key. */
export async function revokeKeyAsOperator(deps: RegistryDeps, keyId: string): Promise<void> {
  await change(deps, "everyone", async (trx, at) => {
    const key = await lockLiveKey(trx, keyId);
    if (key === null) throw keyNotFound();
    await withdrawKey(trx, key, operator, at);
  });
}

/** Revokes a locked key: each secret of it that may still be known to a gateway. */
export async function withdrawKey(trx: Transaction, key: StoredApiKey, actor: string, at: Date): Promise<void> {
  const { id, hash, previousHash, userId, orgId, lastFour } = key;
  await markRevoked(trx, id, at);
  await appendAudit(trx, {
    chain: chainOfKey(key),
    at,
    actor,
    action: "apikey.revoked",
    target: id,
    details: { userId, lastFour },
  });
  for (const keyHash of previousHash === null ? [hash] : [hash, previousHash])
    await appendOutbox(trx, apiKeyRevoked, { keyId: id, keyHash, userId, orgId, at: at.toISOString() });
}

async function requireRevocable(trx: Transaction, caller: Caller, key: StoredApiKey | null): Promise<StoredApiKey> {
  if (key === null || !(await mayRevoke(trx, caller, key))) throw keyNotFound();
  return key;
}

async function mayRevoke(trx: Transaction, caller: Caller, key: StoredApiKey): Promise<boolean> {
  if (!keyReaches(caller.orgId, key.orgId)) return false;
  if (key.userId === caller.userId) return true;
  if (key.orgId === null) return false;
  const who = await findMember(trx, key.orgId, caller.userId);
  if (key.serviceAccountId !== null) return who !== null && runsOrg(who);
  const holder = await findMember(trx, key.orgId, key.userId);
  return who !== null && holder !== null && mayRevokeOrgKey(who, holder);
}

export const keyNotFound = (): AppError => new AppError("not_found", { detail: "There is no such live key." });

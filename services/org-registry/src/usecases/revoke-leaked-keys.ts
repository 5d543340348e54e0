import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { StoredApiKey } from "../domain/api-key.ts";
import { operator } from "../domain/caller.ts";
import { lockLiveKeyByHash, updateSecrets } from "../store/api-keys.ts";
import { appendAudit, chainOfKey } from "../store/audit-log.ts";
import { hashKey } from "../store/key-material.ts";
import { change, type RegistryDeps } from "./change.ts";
import { withdrawKey } from "./revoke-key.ts";

export interface LeakedKey {
  readonly keyId: string;
  readonly userId: string;
  /** Only the old secret of a key that was rotated meanwhile: the new one goes on. */
  readonly what: "key" | "old secret";
}

/** Ends what was found in public, each in a transaction of its own: one that fails holds up no other. */
export async function revokeLeakedKeys(deps: RegistryDeps, keys: readonly string[]): Promise<LeakedKey[]> {
  const revoked: LeakedKey[] = [];
  for (const key of keys) {
    const one = await change(deps, "everyone", (trx, at) => revokeOne(trx, hashKey(key), at));
    if (one !== null) revoked.push(one);
  }
  return revoked;
}

async function revokeOne(trx: Transaction, keyHash: string, at: Date): Promise<LeakedKey | null> {
  const key = await lockLiveKeyByHash(trx, keyHash);
  if (key === null) return null;
  const { id: keyId, userId } = key;
  if (key.hash === keyHash) {
    await withdrawKey(trx, key, operator, at);
    return { keyId, userId, what: "key" };
  }
  await endOldSecret(trx, key, keyHash, at);
  return { keyId, userId, what: "old secret" };
}

async function endOldSecret(trx: Transaction, key: StoredApiKey, keyHash: string, at: Date): Promise<void> {
  const { id: keyId, userId, orgId, lastFour } = key;
  await updateSecrets(trx, { ...key, previousHash: null, previousEndsAt: null });
  await appendAudit(trx, {
    chain: chainOfKey(key),
    at,
    actor: operator,
    action: "apikey.old_secret_revoked",
    target: keyId,
    details: { userId, lastFour },
  });
  await appendOutbox(trx, apiKeyRevoked, { keyId, keyHash, userId, orgId, at: at.toISOString() });
}

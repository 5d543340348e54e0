import { type ApiKeyFact, apiKeyChanged, apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { StoredApiKey } from "../domain/api-key.ts";
import { actorOf, type CallingSession } from "../domain/caller.ts";
import { updateSecrets } from "../store/api-keys.ts";
import { appendAudit, chainOfKey } from "../store/audit-log.ts";
import { createKeyMaterial } from "../store/key-material.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import type { CreatedKey } from "./create-key.ts";
import { lockManagedKey } from "./lock-managed-key.ts";

/**
 * Gives the key a new secret; the one of before is good for `overlapSeconds` more. A key has two secrets at most: one that was left by an
 * earlier rotation ends now.
 */
export async function rotateKey(
  deps: RegistryDeps,
  person: CallingSession,
  keyId: string,
  overlapSeconds: number,
): Promise<CreatedKey> {
  return change(deps, actingOf(person), async (trx, at) => {
    const before = await lockManagedKey(trx, person, keyId);
    const { key, ...secret } = createKeyMaterial(deps.randomBytes);
    const overlap =
      overlapSeconds === 0
        ? { previousHash: null, previousEndsAt: null }
        : { previousHash: before.hash, previousEndsAt: new Date(at.getTime() + overlapSeconds * 1000) };
    const after: StoredApiKey = { ...before, ...secret, ...overlap };
    await updateSecrets(trx, after);
    await appendAudit(trx, {
      chain: chainOfKey(after),
      at,
      actor: actorOf(person),
      action: "apikey.rotated",
      target: keyId,
      details: { lastFour: after.lastFour, lastFourBefore: before.lastFour, overlapSeconds },
    });
    await announceRotation(trx, before, after, at);
    return { record: after, key };
  });
}

/** Gateways learn when the old secret ends, or that it has. */
async function announceRotation(trx: Transaction, before: StoredApiKey, after: StoredApiKey, at: Date): Promise<void> {
  const fact = (keyHash: string): ApiKeyFact => {
    const { id: keyId, userId, orgId } = before;
    return { keyId, keyHash, userId, orgId, at: at.toISOString() };
  };
  await appendOutbox(trx, after.previousHash === null ? apiKeyRevoked : apiKeyChanged, fact(before.hash));
  if (before.previousHash !== null) await appendOutbox(trx, apiKeyRevoked, fact(before.previousHash));
}

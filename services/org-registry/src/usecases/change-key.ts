import { apiKeyChanged } from "@topdog/contracts/events/api-key-events";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { type ApiKey, auditedChange, type KeySettings, type StoredApiKey } from "../domain/api-key.ts";
import { actorOf, type CallingSession } from "../domain/caller.ts";
import { updateKey } from "../store/api-keys.ts";
import { appendAudit, chainOfKey } from "../store/audit-log.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { requireFuture, requireServiceScopes } from "./create-key.ts";
import { lockManagedKey } from "./lock-managed-key.ts";

/** What is absent stays as it is. */
export type KeyPatch = {
  readonly [K in keyof KeySettings | "name"]?: (KeySettings & Pick<ApiKey, "name">)[K] | undefined;
};

/** Renames a key, widens or narrows it. A patch that changes nothing writes nothing. */
export async function changeKey(
  deps: RegistryDeps,
  person: CallingSession,
  keyId: string,
  patch: KeyPatch,
): Promise<ApiKey> {
  return change(deps, actingOf(person), async (trx, at) => {
    const before = await lockManagedKey(trx, person, keyId);
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const changed: StoredApiKey = { ...before, ...given };
    const hasOtherCeiling = changed.dailyCeiling !== before.dailyCeiling;
    const after: StoredApiKey = { ...changed, ceilingVersion: before.ceilingVersion + (hasOtherCeiling ? 1 : 0) };
    const details = auditedChange(before, after);
    if (Object.keys(details).length === 0) return before;
    if (patch.expiresAt !== undefined) requireFuture(after, at);
    if (after.serviceAccountId !== null) requireServiceScopes(after);
    await updateKey(trx, after);
    await appendAudit(trx, {
      chain: chainOfKey(after),
      at,
      actor: actorOf(person),
      action: "apikey.changed",
      target: keyId,
      details,
    });
    await announceChange(trx, after, at);
    return after;
  });
}

/** Gateways ask again about each secret of the key before it is served. */
export async function announceChange(trx: Transaction, key: StoredApiKey, at: Date): Promise<void> {
  const { id, hash, previousHash, userId, orgId } = key;
  for (const keyHash of previousHash === null ? [hash] : [hash, previousHash])
    await appendOutbox(trx, apiKeyChanged, { keyId: id, keyHash, userId, orgId, at: at.toISOString() });
}

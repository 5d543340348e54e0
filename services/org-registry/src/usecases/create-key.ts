import { apiKeyCreated } from "@topdog/contracts/events/api-key-events";
import { AppError } from "@topdog/errors/app-error";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import {
  type ApiKey,
  auditedSettings,
  defaultKeySettings,
  type KeySettings,
  maxLiveKeysPerUser,
  type StoredApiKey,
} from "../domain/api-key.ts";
import { actorOf, type Caller, operator } from "../domain/caller.ts";
import { keyReaches } from "../domain/permissions.ts";
import { countLiveKeys, holdLiveKey, insertKey } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId, createKeyMaterial, type RandomBytes } from "../store/key-material.ts";
import { holdMember } from "../store/member-changes.ts";
import { lockUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { orgNotFound, requireMember } from "./require-member.ts";

export interface CreatedKey {
  readonly record: ApiKey;
  /** The key itself: it is shown this once. */
  readonly key: string;
}

interface WantedKey {
  readonly userId: string;
  readonly orgId: string | null;
  readonly name: string;
  /** Without it the key can call models, and nothing else. */
  readonly settings?: KeySettings;
}

/**
 * Without `orgId` the new key has the org of the calling key, and by a session none. It is revoked together with the calling key, and
 * can only call models: a key never gives away more than that.
 */
export async function createKey(
  deps: RegistryDeps,
  caller: Caller,
  input: { name: string; orgId?: string | null | undefined },
): Promise<CreatedKey> {
  const orgId = input.orgId === undefined ? caller.orgId : input.orgId;
  if (!keyReaches(caller.orgId, orgId)) throw orgNotFound();
  return change(deps, async (trx, at) => {
    if (orgId !== null) await requireSeat(trx, caller, orgId);
    // Held until the commit: a revocation comes before, and refuses this, or after, and finds the new key.
    if (caller.keyId !== null && !(await holdLiveKey(trx, caller.keyId))) throw new AppError("invalid_api_key");
    const wanted = { userId: caller.userId, orgId, name: input.name };
    return issueKey(trx, deps.randomBytes, wanted, { actor: actorOf(caller), parentKeyId: caller.keyId }, at);
  });
}

/** For operators: the only way to a user's first key. */
export async function createKeyAsOperator(deps: RegistryDeps, wanted: WantedKey): Promise<CreatedKey> {
  return change(deps, async (trx, at) => {
    const { userId, orgId } = wanted;
    if (orgId !== null) await requireSeat(trx, { userId, orgId: null }, orgId);
    return issueKey(trx, deps.randomBytes, wanted, { actor: operator, parentKeyId: null }, at);
  });
}

async function requireSeat(trx: Transaction, who: Pick<Caller, "userId" | "orgId">, orgId: string): Promise<void> {
  // Held until the commit: a removal comes before, and refuses this, or after, and finds the new key.
  await holdMember(trx, orgId, who.userId);
  const { active } = await requireMember(trx, who, orgId);
  if (!active) throw new AppError("forbidden", { detail: "Your membership in this org has no seat." });
}

/** The part that every way of creating a key shares: limit, row, audit, event. */
export async function issueKey(
  trx: Transaction,
  randomBytes: RandomBytes,
  { userId, orgId, name, settings = defaultKeySettings }: WantedKey,
  { actor, parentKeyId }: { actor: string; parentKeyId: string | null },
  at: Date,
): Promise<CreatedKey> {
  if (!(await lockUser(trx, userId))) throw new AppError("not_found", { detail: "There is no such user." });
  if ((await countLiveKeys(trx, userId)) >= maxLiveKeysPerUser) {
    throw new AppError("key_limit_reached", { detail: `A user may hold ${maxLiveKeysPerUser} live keys.` });
  }
  const { key, hash, prefix, lastFour } = createKeyMaterial(randomBytes);
  const record: StoredApiKey = {
    id: createId("key", randomBytes),
    hash,
    prefix,
    lastFour,
    name,
    userId,
    orgId,
    parentKeyId,
    createdAt: at,
    ...settings,
  };
  await insertKey(trx, record);
  await appendAudit(trx, {
    chain: orgId === null ? `user:${userId}` : `org:${orgId}`,
    at,
    actor,
    action: "apikey.created",
    target: record.id,
    details: { userId, name, lastFour, ...auditedSettings(settings) },
  });
  await appendOutbox(trx, apiKeyCreated, { keyId: record.id, keyHash: hash, userId, orgId, at: at.toISOString() });
  return { record, key };
}

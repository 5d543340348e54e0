import { apiKeyCreated } from "@topdog/contracts/events/api-key-events";
import { AppError } from "@topdog/errors/app-error";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import { type ApiKey, maxLiveKeysPerUser, type StoredApiKey } from "../domain/api-key.ts";
import type { Caller } from "../domain/caller.ts";
import { keyReaches } from "../domain/permissions.ts";
import { countLiveKeys, insertKey } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId, createKeyMaterial, type RandomBytes } from "../store/key-material.ts";
import { lockUser } from "../store/users.ts";
import { change, type RegistryDeps } from "./change.ts";
import { orgNotFound, requireMember } from "./require-member.ts";

export interface CreatedKey {
  readonly record: ApiKey;
  /** The only time that the key is seen. */
  readonly key: string;
}

/** `orgId` left out: the key reaches as far as the caller's own. */
export async function createKey(
  deps: RegistryDeps,
  caller: Caller,
  input: { name: string; orgId?: string | null | undefined },
): Promise<CreatedKey> {
  const orgId = input.orgId === undefined ? caller.orgId : input.orgId;
  if (!keyReaches(caller.orgId, orgId)) throw orgNotFound();
  return change(deps, async (trx, at) => {
    if (orgId !== null && !(await requireMember(trx, caller, orgId)).active) {
      throw new AppError("forbidden", { detail: "Your membership in this org has no seat." });
    }
    return issueKey(
      trx,
      deps.randomBytes,
      { userId: caller.userId, orgId, name: input.name, actor: caller.userId },
      at,
    );
  });
}

/** The part that every way of creating a key shares: limit, row, audit, event. */
export async function issueKey(
  trx: Transaction,
  randomBytes: RandomBytes,
  wanted: { userId: string; orgId: string | null; name: string; actor: string },
  at: Date,
): Promise<CreatedKey> {
  const { userId, orgId, name, actor } = wanted;
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
    createdAt: at,
  };
  await insertKey(trx, record);
  await appendAudit(trx, {
    chain: orgId === null ? `user:${userId}` : `org:${orgId}`,
    at,
    actor,
    action: "apikey.created",
    target: record.id,
    details: { userId, name, lastFour },
  });
  await appendOutbox(trx, apiKeyCreated, { keyId: record.id, keyHash: hash, userId, orgId, at: at.toISOString() });
  return { record, key };
}

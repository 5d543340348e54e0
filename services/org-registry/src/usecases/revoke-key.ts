import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { AppError } from "@topdog/errors/app-error";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Transaction } from "@topdog/postgres/pool";
import type { StoredApiKey } from "../domain/api-key.ts";
import type { Caller } from "../domain/caller.ts";
import { keyReaches, mayRevokeOrgKey } from "../domain/permissions.ts";
import { lockLiveKey, markRevoked } from "../store/api-keys.ts";
import { appendAudit } from "../store/audit-log.ts";
import { findMember } from "../store/orgs.ts";
import { change, type RegistryDeps } from "./change.ts";

/** A key that is missing, already revoked or not the caller's to revoke is one and the same 404. */
export async function revokeKey(deps: RegistryDeps, caller: Caller, keyId: string): Promise<void> {
  await change(deps, async (trx, at) => {
    const key = await lockLiveKey(trx, keyId);
    if (key === null || !(await mayRevoke(trx, caller, key))) throw keyNotFound();
    await withdrawKey(trx, key, caller.userId, at);
  });
}

/** Revokes any live key: an operator's act. */
export async function revokeKeyAsOperator(deps: RegistryDeps, keyId: string): Promise<void> {
  await change(deps, async (trx, at) => {
    const key = await lockLiveKey(trx, keyId);
    if (key === null) throw keyNotFound();
    await withdrawKey(trx, key, "operator", at);
  });
}

/** The part that every way of revoking shares: row, audit, event. */
export async function withdrawKey(trx: Transaction, key: StoredApiKey, actor: string, at: Date): Promise<void> {
  const { id, hash, userId, orgId, lastFour } = key;
  await markRevoked(trx, id, at);
  await appendAudit(trx, {
    chain: orgId === null ? `user:${userId}` : `org:${orgId}`,
    at,
    actor,
    action: "apikey.revoked",
    target: id,
    details: { userId, lastFour },
  });
  await appendOutbox(trx, apiKeyRevoked, { keyId: id, keyHash: hash, userId, orgId, at: at.toISOString() });
}

async function mayRevoke(trx: Transaction, caller: Caller, key: StoredApiKey): Promise<boolean> {
  if (!keyReaches(caller.orgId, key.orgId)) return false;
  if (key.userId === caller.userId) return true;
  if (key.orgId === null) return false;
  const who = await findMember(trx, key.orgId, caller.userId);
  const holder = await findMember(trx, key.orgId, key.userId);
  return who !== null && holder !== null && mayRevokeOrgKey(who, holder);
}

const keyNotFound = (): AppError => new AppError("not_found", { detail: "There is no such live key." });

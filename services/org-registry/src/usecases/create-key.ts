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
import { actorOf, type Caller, type CallingSession, operator } from "../domain/caller.ts";
import { countLiveKeys, insertKey } from "../store/api-keys.ts";
import { appendAudit, chainOfKey } from "../store/audit-log.ts";
import { createId, createKeyMaterial, type RandomBytes } from "../store/key-material.ts";
import { holdMember } from "../store/member-changes.ts";
import { lockServiceAccount } from "../store/service-accounts.ts";
import { lockUser } from "../store/users.ts";
import { actingOf, change, type RegistryDeps } from "./change.ts";
import { changeOrg } from "./change-org.ts";
import { permitManaging, serviceAccountNotFound } from "./manage-service-accounts.ts";
import { requireMember } from "./require-member.ts";

export interface CreatedKey {
  readonly record: ApiKey;
  /** The key itself: it is shown this once. */
  readonly key: string;
}

interface WantedKey {
  /** The holder: a user, or the service account. */
  readonly userId: string;
  readonly orgId: string | null;
  readonly serviceAccountId?: string | null;
  readonly name: string;
  /** Without it the key can call models, and nothing else. */
  readonly settings?: KeySettings | undefined;
}

/** A person's own key, or one of a service account, made by a person. Keys make no keys: a leaked one would leave others behind. */
export async function createKey(
  deps: RegistryDeps,
  person: CallingSession,
  { orgId, name, settings, serviceAccountId = null }: Omit<WantedKey, "userId">,
): Promise<CreatedKey> {
  if (serviceAccountId !== null) {
    return createServiceKey(deps, person, { orgId, name, settings, serviceAccountId });
  }
  const { userId } = person;
  return change(deps, actingOf(person), async (trx, at) => {
    if (orgId !== null) await requireSeat(trx, person, orgId);
    return issueKey(trx, deps.randomBytes, { userId, orgId, name, settings }, actorOf(person), at);
  });
}

/** For who runs the org. */
async function createServiceKey(
  deps: RegistryDeps,
  person: CallingSession,
  { orgId, ...wanted }: Omit<WantedKey, "userId"> & { readonly serviceAccountId: string },
): Promise<CreatedKey> {
  const { serviceAccountId } = wanted;
  if (orgId === null) {
    const detail = "orgId: a key of a service account names its org.";
    throw new AppError("invalid_request", { detail, param: "orgId" });
  }
  requireServiceScopes(wanted.settings ?? defaultKeySettings);
  return changeOrg(deps, person, orgId, permitManaging, async ({ trx, at, actor }) => {
    const account = await lockServiceAccount(trx, orgId, serviceAccountId);
    if (account === null) throw serviceAccountNotFound();
    return issueKey(trx, deps.randomBytes, { ...wanted, orgId, userId: serviceAccountId }, actor, at);
  });
}

/** Throws AppError 400: a machine manages no account. */
export function requireServiceScopes({ scopes }: Pick<KeySettings, "scopes">): void {
  if (!scopes.includes("account")) return;
  const detail = "scopes: a service account's key cannot have `account`.";
  throw new AppError("invalid_request", { detail, param: "scopes" });
}

/** For operators. */
export async function createKeyAsOperator(deps: RegistryDeps, wanted: WantedKey): Promise<CreatedKey> {
  return change(deps, "everyone", async (trx, at) => {
    const { userId, orgId } = wanted;
    if (orgId !== null) await requireSeat(trx, { userId, orgId: null }, orgId);
    return issueKey(trx, deps.randomBytes, wanted, operator, at);
  });
}

async function requireSeat(trx: Transaction, who: Pick<Caller, "userId" | "orgId">, orgId: string): Promise<void> {
  // Held until the commit: a removal comes before, and refuses this, or after, and finds the new key.
  await holdMember(trx, orgId, who.userId);
  const { active } = await requireMember(trx, who, orgId);
  if (!active) throw new AppError("forbidden", { detail: "Your membership in this org has no seat." });
}

/** Throws AppError 400 for a key that would have ended already. */
export function requireFuture({ expiresAt }: KeySettings, at: Date): void {
  if (expiresAt === null || expiresAt > at) return;
  throw new AppError("invalid_request", { detail: "expiresAt must be in the future.", param: "expiresAt" });
}

/** The part that every way of creating a key shares: limit, row, audit, event. */
export async function issueKey(
  trx: Transaction,
  randomBytes: RandomBytes,
  { userId, orgId, name, settings = defaultKeySettings, serviceAccountId = null }: WantedKey,
  actor: string,
  at: Date,
): Promise<CreatedKey> {
  requireFuture(settings, at);
  // A service account is locked by then.
  if (serviceAccountId === null && !(await lockUser(trx, userId))) {
    throw new AppError("not_found", { detail: "There is no such user." });
  }
  if ((await countLiveKeys(trx, userId)) >= maxLiveKeysPerUser) {
    const holder = serviceAccountId === null ? "A user" : "A service account";
    throw new AppError("key_limit_reached", { detail: `${holder} may hold ${maxLiveKeysPerUser} live keys.` });
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
    serviceAccountId,
    createdAt: at,
    previousHash: null,
    previousEndsAt: null,
    lastUsedAt: null,
    orgDailyCeiling: null,
    ceilingVersion: 0,
    ...settings,
  };
  await insertKey(trx, record);
  await appendAudit(trx, {
    chain: chainOfKey(record),
    at,
    actor,
    action: "apikey.created",
    target: record.id,
    details: { userId, name, lastFour, ...auditedSettings(settings) },
  });
  await appendOutbox(trx, apiKeyCreated, { keyId: record.id, keyHash: hash, userId, orgId, at: at.toISOString() });
  return { record, key };
}

import type { Secret } from "@topdog/config/secret";
import { AppError } from "@topdog/errors/app-error";
import type { Database } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import { capacityOf, type Credential, type Tenant, type TenantState } from "../domain/credential.ts";
import { findTenant, lockTenant, recount } from "../store/byok-tenants.ts";
import { hasFingerprint, insertCredential, nextPosition } from "../store/credentials.ts";
import { findEntitlement } from "../store/entitlements.ts";
import { createId } from "../store/key-material.ts";
import { actingOf, change, read } from "./change.ts";
import type { CredentialDeps } from "./credential-deps.ts";
import { reachTenant } from "./reach-tenant.ts";
import { recordCredential } from "./record-credential.ts";
import { sealAndCheck } from "./seal-credential.ts";

export interface WantedCredential {
  readonly provider: string;
  readonly key: Secret;
  readonly label?: string | undefined;
  readonly orgId?: string | undefined;
  /** Null: every one. */
  readonly allowedModels?: readonly string[] | null | undefined;
  readonly allowedMembers?: readonly string[] | null | undefined;
}

/** Seals, checks and stores a credential. Whoever has no slot left, or holds the secret already, costs no request of a provider. */
export async function addCredential(
  deps: CredentialDeps,
  caller: Caller,
  { provider, key, label = provider, orgId, allowedModels = null, allowedMembers = null }: WantedCredential,
): Promise<Credential> {
  const tenant = await read(deps.db, actingOf(caller), async (trx) => {
    const reached = await reachTenant(trx, caller, orgId);
    requireMembersOf(reached, allowedMembers);
    await requireFreeSlot(trx, reached, await findTenant(trx, reached));
    if (await hasFingerprint(trx, reached, deps.fingerprint(reached, provider, key.reveal()))) throw alreadyHeld();
    return reached;
  });
  const bound = { id: createId("cred", deps.randomBytes), tenant, addedBy: caller.userId, provider, version: 1 };
  const checked = await sealAndCheck(deps, bound, key);
  return change(deps, actingOf(caller), async (trx, at) => {
    const state = await lockTenant(trx, tenant);
    // The role may have gone while the provider was asked.
    await reachTenant(trx, caller, orgId);
    await requireFreeSlot(trx, tenant, state);
    const credential = {
      ...bound,
      ...checked,
      label,
      position: await nextPosition(trx, tenant),
      allowedModels,
      allowedMembers,
      createdAt: at,
      blockedSince: null,
      disabledAt: null,
    };
    if (!(await insertCredential(trx, credential))) throw alreadyHeld();
    await recount(trx, tenant);
    const details = { label, lastFour: checked.lastFour, status: checked.status };
    await recordCredential(trx, credential, { actor: actorOf(caller), action: "credential.added", details }, at);
    return credential;
  });
}

/** Throws AppError 400 when a credential that is nobody's but a person's own is restricted to members. */
export function requireMembersOf(tenant: Tenant, allowedMembers: readonly string[] | null): void {
  if (allowedMembers === null || tenant.startsWith("org:")) return;
  throw new AppError("invalid_request", {
    detail: "allowedMembers: a personal credential has no members.",
    param: "allowedMembers",
  });
}

export const alreadyHeld = (): AppError =>
  new AppError("conflict", { detail: "key: it is stored already.", param: "key" });

/** Throws AppError 403 with what is used, what the plan allows, and what to do. */
async function requireFreeSlot(db: Database, tenant: Tenant, { live, used }: TenantState): Promise<void> {
  const entitlement = await findEntitlement(db, tenant);
  const capacity = capacityOf(tenant, entitlement);
  if (live < capacity) return;
  const scope = tenant.startsWith("org:") ? "org" : "user";
  const advice =
    scope === "org" ? "revoke one, add seats, or move to a larger plan" : "revoke one, or move to a larger plan";
  const held = used === live ? `${used}` : `${live} (${live - used} of them disabled)`;
  throw new AppError("byok_capacity_reached", {
    detail:
      capacity === 0
        ? `The present plan has no slots for ${scope === "org" ? "an org's" : "personal"} credentials: move to a plan that has them.`
        : `${held} of ${capacity} slots are used: ${advice}.`,
    extensions: { scope, used: live, capacity, plan: entitlement?.plan ?? "free" },
  });
}

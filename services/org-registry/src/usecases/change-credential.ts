import type { Secret } from "@topdog/config/secret";
import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { actorOf, type Caller } from "../domain/caller.ts";
import type { Credential } from "../domain/credential.ts";
import { lockTenant } from "../store/byok-tenants.ts";
import { hasFingerprint, replaceSecret, updateCredential } from "../store/credentials.ts";
import { alreadyHeld, requireMembersOf } from "./add-credential.ts";
import { actingOf, change, read, type RegistryDeps } from "./change.ts";
import type { CredentialDeps } from "./credential-deps.ts";
import { reachCredential } from "./reach-tenant.ts";
import { recordCredential } from "./record-credential.ts";
import { sealAndCheck } from "./seal-credential.ts";

export interface CredentialPatch {
  readonly label?: string | undefined;
  readonly order?: number | undefined;
  /** Null: every one. */
  readonly allowedModels?: readonly string[] | null | undefined;
  readonly allowedMembers?: readonly string[] | null | undefined;
}

/** The credential as it is under its tenant's lock. Permission is checked before the lock and again after it. */
export async function lockCredential(trx: Transaction, caller: Caller, id: string): Promise<Credential> {
  await lockTenant(trx, (await reachCredential(trx, caller, id)).tenant);
  return reachCredential(trx, caller, id);
}

export async function editCredential(
  deps: RegistryDeps,
  caller: Caller,
  id: string,
  patch: CredentialPatch,
): Promise<Credential> {
  return change(deps, actingOf(caller), async (trx, at) => {
    const before = await lockCredential(trx, caller, id);
    requireMembersOf(before.tenant, patch.allowedMembers ?? null);
    const after = {
      ...before,
      label: patch.label ?? before.label,
      position: patch.order ?? before.position,
      allowedModels: patch.allowedModels === undefined ? before.allowedModels : patch.allowedModels,
      allowedMembers: patch.allowedMembers === undefined ? before.allowedMembers : patch.allowedMembers,
    };
    await updateCredential(trx, after, at);
    const details = { before: editable(before), after: editable(after) };
    await recordCredential(trx, after, { actor: actorOf(caller), action: "credential.changed", details }, at);
    return after;
  });
}

const editable = ({ label, position, allowedModels, allowedMembers }: Credential): string =>
  JSON.stringify({ label, order: position, allowedModels, allowedMembers });

/** A new secret in the same place: label, order and restrictions stay. The old one is gone from the commit on. */
export async function rotateCredential(
  deps: CredentialDeps,
  caller: Caller,
  id: string,
  key: Secret,
): Promise<Credential> {
  const present = await read(deps.db, actingOf(caller), (trx) => reachCredential(trx, caller, id));
  const next = { ...present, version: present.version + 1 };
  const checked = await sealAndCheck(deps, next, key);
  return change(deps, actingOf(caller), async (trx, at) => {
    const before = await lockCredential(trx, caller, id);
    if (before.version !== present.version) {
      throw new AppError("conflict", { detail: "The credential was rotated meanwhile." });
    }
    if (await hasFingerprint(trx, before.tenant, checked.fingerprint)) throw alreadyHeld();
    const after = { ...before, ...checked, version: next.version };
    await replaceSecret(trx, after, at);
    const details = { lastFourBefore: before.lastFour, lastFour: after.lastFour, status: after.status };
    await recordCredential(trx, after, { actor: actorOf(caller), action: "credential.rotated", details }, at);
    return after;
  });
}

import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import type { Identity, ShownIdentity } from "../domain/identity.ts";
import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { appendAudit } from "../store/audit-log.ts";
import {
  countWaysIn,
  deleteIdentity,
  insertIdentity,
  insertUnlinked,
  listIdentities as readIdentities,
} from "../store/identities.ts";
import { createId } from "../store/key-material.ts";
import { lockUser } from "../store/users.ts";
import { change, read, type RegistryDeps } from "./change.ts";
import { type OidcDeps, type OidcReturn, redeemOnce, requireReturn } from "./oidc-flow.ts";

/** Null when it is somebody's already, or the user has another of this provider. */
export async function addIdentity(
  { randomBytes }: RegistryDeps,
  trx: Transaction,
  { shown, userId, actor }: { readonly shown: ShownIdentity; readonly userId: string; readonly actor: string },
  at: Date,
): Promise<Identity | null> {
  const { issuer, subject, email } = shown;
  const identity = await insertIdentity(trx, { id: createId("idn", randomBytes), userId, issuer, subject, email }, at);
  if (identity === null) return null;
  const entry = { chain: `user:${userId}`, action: "identity.linked", target: identity.id } as const;
  await appendAudit(trx, { ...entry, actor, at, details: { issuer, email } });
  return identity;
}

/** In the session that began it, whatever address the provider names: the person has both accounts. */
export async function linkIdentity(deps: OidcDeps, asking: AskingSession, returned: OidcReturn): Promise<Identity> {
  const { userId } = asking;
  const hash = await requireReturn(deps, userId, returned);
  const { shown } = await redeemOnce(deps, returned, { hash, linkingUserId: userId });
  return change(deps, { userId }, async (trx, at) => {
    await lockUser(trx, userId);
    const identity = await addIdentity(deps, trx, { shown, userId, actor: actorOfSession(asking) }, at);
    if (identity === null)
      throw new AppError("conflict", {
        detail: "This account of the provider is linked already, or another of this provider is linked to yours.",
      });
    return identity;
  });
}

export const listIdentities = (deps: RegistryDeps, userId: string): Promise<readonly Identity[]> =>
  read(deps.db, { userId }, (trx) => readIdentities(trx, userId));

/** For good: who comes with the same address by the provider is not linked by it again. */
export async function unlinkIdentity(deps: OidcDeps, asking: AskingSession, id: string): Promise<void> {
  const { userId } = asking;
  await change(deps, { userId }, async (trx, at) => {
    await lockUser(trx, userId);
    const identity = await deleteIdentity(trx, userId, id);
    if (identity === null) throw new AppError("not_found", { detail: "There is no such identity." });
    await requireWayIn(deps, trx, userId);
    const { issuer, email } = identity;
    await insertUnlinked(trx, userId, issuer);
    const entry = { chain: `user:${userId}`, action: "identity.unlinked", target: id } as const;
    await appendAudit(trx, { ...entry, actor: actorOfSession(asking), at, details: { issuer, email } });
  });
}

/** Called with the user held, after one way was taken away. Throws AppError 409, which gives it back, when it was the last. */
export async function requireWayIn({ oidc }: Pick<OidcDeps, "oidc">, trx: Transaction, userId: string): Promise<void> {
  const { passwords, passkeys, identities } = await countWaysIn(trx, userId);
  if (passwords + passkeys + (oidc === null ? 0 : identities) > 0) return;
  throw new AppError("conflict", {
    detail: "Nothing else signs you in: set a password or add a passkey first.",
  });
}

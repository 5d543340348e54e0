import { AppError } from "@topdog/errors/app-error";
import type { Transaction } from "@topdog/postgres/pool";
import { oidcRefused } from "../clients/oidc-provider.ts";
import type { Identity, ShownIdentity } from "../domain/identity.ts";
import { neverProved, type Place } from "../domain/session.ts";
import { findAccount, findVerifiedAddress, markEmailVerified } from "../store/accounts.ts";
import { findIdentity, noteIdentityUse, wasUnlinked } from "../store/identities.ts";
import { deleteProvenFlow, findProvenFlow, insertProvenFlow } from "../store/oidc-flows.ts";
import { findTotp } from "../store/totp.ts";
import { lockUser } from "../store/users.ts";
import { change, read } from "./change.ts";
import { addUser } from "./create-user.ts";
import { addIdentity } from "./manage-identities.ts";
import { type OidcDeps, type OidcReturn, redeemOnce, requireReturn } from "./oidc-flow.ts";
import { checkSecondFactor, requireFactor } from "./second-factor.ts";
import { type SignedIn, startSession } from "./sign-in.ts";

/**
 * Signs in whom the provider names. An account with an authenticator app is asked for its code: the same request with the code, from
 * the same browser, ends the sign-in then. Throws AppError 401, 409, 429 or 503.
 */
export async function signInByOidc(
  deps: OidcDeps,
  returned: OidcReturn,
  code: string | undefined,
  place: Place,
): Promise<SignedIn> {
  const hash = await requireReturn(deps, place.address, returned);
  const isProven = (await readProven(deps, hash)) !== null;
  if (!isProven) {
    const { shown, expiresAt } = await redeemOnce(deps, returned, { hash, linkingUserId: null });
    await change(deps, "everyone", async (trx, at) => {
      const known = await findIdentity(trx, shown);
      const { identity, isNewUser } =
        known === null ? await linkByAddress(deps, trx, shown, at) : { identity: known, isNewUser: false };
      const authenticatedAt = provedAt(shown, at) ?? (isNewUser ? at : neverProved);
      await insertProvenFlow(trx, { hash, identityId: identity.id, authenticatedAt, expiresAt });
    });
  }
  return startProven(deps, hash, code, place);
}

const readProven = (deps: OidcDeps, hash: string) =>
  read(deps.db, "everyone", (trx) => findProvenFlow(trx, hash, new Date(deps.nowMs())));

/**
 * What the provider says of a later moment is a clock that goes before ours. Null for one that does not say it: it may have let in
 * whoever found a browser that is signed in there, which is a sign-in, and no proof of who it is.
 */
const provedAt = ({ authenticatedAt }: ShownIdentity, at: Date): Date | null =>
  authenticatedAt === null || authenticatedAt < at ? authenticatedAt : at;

/** Of two requests at once one ends the flow. */
async function startProven(deps: OidcDeps, hash: string, code: string | undefined, place: Place): Promise<SignedIn> {
  const proven = await readProven(deps, hash);
  if (proven === null) throw oidcRefused();
  const { userId, identityId, authenticatedAt } = proven;
  const secondFactorAt = await checkSecondFactor(deps, userId, code);
  return change(deps, { userId }, async (trx, at) => {
    // As for a password: ending all sessions takes the same lock.
    await lockUser(trx, userId);
    await requireFactor(trx, userId, secondFactorAt);
    if (!(await deleteProvenFlow(trx, hash)) || !(await noteIdentityUse(trx, identityId, at))) throw oidcRefused();
    const account = await findAccount(trx, { userId });
    if (account === null) throw oidcRefused();
    // Whoever shows a second factor here proves who they are, whatever the provider says.
    return startSession(
      deps,
      trx,
      account,
      { place, secondFactorAt, authenticatedAt: secondFactorAt ?? authenticatedAt },
      at,
    );
  });
}

interface LinkedIdentity {
  readonly identity: Identity;
  /** Made by this sign-in: there is nothing yet that a proof of who one is would protect. */
  readonly isNewUser: boolean;
}

/** By an address that the provider has verified: a new account comes to exist, or the one that has it is signed in from now on. */
async function linkByAddress(
  deps: OidcDeps,
  trx: Transaction,
  shown: ShownIdentity,
  at: Date,
): Promise<LinkedIdentity> {
  const { email } = shown;
  if (email === null || !shown.isEmailVerified)
    throw new AppError("oidc_refused", { detail: "The provider does not say that your email address is verified." });
  const created = await addUser(trx, deps.randomBytes, email, at, "sign-up");
  const userId = created?.id ?? (await requireLinkable(trx, email, shown.issuer));
  if (created !== null) await markEmailVerified(trx, userId, at);
  const added = await addIdentity(deps, trx, { shown, userId, actor: `user:${userId}` }, at);
  // Two browsers of one person at once: the other was first.
  const identity = added ?? (await findIdentity(trx, shown));
  if (identity === null) throw new AppError("oidc_not_linked");
  return { identity, isNewUser: created !== null };
}

/**
 * Who made the account showed that they read the address's mail, and the provider says so of this person. A second factor is not to
 * be gone round by a mailbox, and what was unlinked stays so: then its owner links the provider in a session.
 */
async function requireLinkable(trx: Transaction, email: string, issuer: string): Promise<string> {
  const account = await findAccount(trx, { email });
  if (account === null) throw new AppError("oidc_not_linked");
  const { userId } = account;
  await lockUser(trx, userId);
  const isVerified = (await findVerifiedAddress(trx, userId)) === email;
  const totp = await findTotp(trx, userId);
  const hasFactor = totp !== null && totp.confirmedAt !== null;
  if (!isVerified || hasFactor || (await wasUnlinked(trx, userId, issuer))) throw new AppError("oidc_not_linked");
  return userId;
}

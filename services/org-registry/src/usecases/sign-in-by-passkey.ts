import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
} from "@simplewebauthn/server";
import { challengeLifetimeMs, type StoredPasskey } from "../domain/passkey.ts";
import type { Place } from "../domain/session.ts";
import { findAccount } from "../store/accounts.ts";
import { hashKey } from "../store/key-material.ts";
import { findPasskey, insertChallenge, noteUse, useChallenge } from "../store/passkeys.ts";
import { lockUser } from "../store/users.ts";
import type { AuthDeps } from "./auth-deps.ts";
import { change, read } from "./change.ts";
import { limitAttempts } from "./limit-attempts.ts";
import { challengeOf, type PasskeyDeps, refused, rpIdOf } from "./manage-passkeys.ts";
import { type SignedIn, startSession } from "./sign-in.ts";

const limitOf = (what: string, address: string) => [{ of: `${what} from ${address}`, max: 100, windowMs: 15 * 60_000 }];

/** What the browser asks its authenticators for: they know who has a passkey of this site. */
export async function beginPasskeySignIn(
  deps: PasskeyDeps,
  { address }: Place,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  await limitAttempts(deps.db, limitOf("passkey challenge", address), deps.nowMs());
  const options = await generateAuthenticationOptions({
    rpID: rpIdOf(deps.publicUrl),
    userVerification: "required",
  });
  await change(deps, "everyone", (trx, at) =>
    insertChallenge(trx, hashKey(options.challenge), null, new Date(at.getTime() + challengeLifetimeMs)),
  );
  return options;
}

/** A passkey is two factors: the authenticator, and what it asked its owner for. Throws AppError 401, the same for every reason. */
export async function signInByPasskey(
  deps: AuthDeps & PasskeyDeps,
  response: AuthenticationResponseJSON,
  place: Place,
): Promise<SignedIn> {
  await limitAttempts(deps.db, limitOf("passkey answer", place.address), deps.nowMs());
  const passkey = await read(deps.db, "everyone", (trx) => findPasskey(trx, response.id));
  if (passkey === null) throw refused();
  const { challenge, newCounter } = await verify(deps, response, passkey);
  const { userId } = passkey;
  return change(deps, { userId }, async (trx, at) => {
    if (!(await useChallenge(trx, hashKey(challenge), null, at))) throw refused();
    // As for a password: ending all sessions takes the same lock.
    await lockUser(trx, userId);
    const account = await findAccount(trx, { userId });
    if (account === null || !(await noteUse(trx, passkey, newCounter, at))) throw refused();
    return startSession(deps, trx, account, { place, secondFactorAt: at, authenticatedAt: at }, at);
  });
}

async function verify({ publicUrl }: PasskeyDeps, response: AuthenticationResponseJSON, passkey: StoredPasskey) {
  let challenge = "";
  const { credentialId, publicKey, counter } = passkey;
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: (given: unknown) => {
      challenge = challengeOf(given);
      return true;
    },
    expectedOrigin: publicUrl,
    expectedRPID: rpIdOf(publicUrl),
    credential: { id: credentialId, publicKey, counter },
    requireUserVerification: true,
  }).catch((error: unknown) => {
    throw refused(error);
  });
  if (!verified) throw refused();
  return { challenge, newCounter: authenticationInfo.newCounter };
}

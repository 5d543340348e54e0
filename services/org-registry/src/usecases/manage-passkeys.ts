import { isIP } from "node:net";
import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type RegistrationResponseJSON,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { decodeAttestationObject, isoBase64URL } from "@simplewebauthn/server/helpers";
import { AppError } from "@topdog/errors/app-error";
import { challengeLifetimeMs, maxPasskeysPerUser, type Passkey } from "../domain/passkey.ts";
import { actorOfSession, type AskingSession } from "../domain/caller.ts";
import { findAccount } from "../store/accounts.ts";
import { appendAudit } from "../store/audit-log.ts";
import { createId, hashKey } from "../store/key-material.ts";
import {
  deletePasskey,
  insertChallenge,
  insertPasskey,
  listPasskeys as readPasskeys,
  useChallenge,
} from "../store/passkeys.ts";
import { lockUser } from "../store/users.ts";
import { change, read, type RegistryDeps } from "./change.ts";
import { requireWayIn } from "./manage-identities.ts";
import type { OidcDeps } from "./oidc-flow.ts";

/** Where browsers reach the site decides which passkeys are of it. */
export interface PasskeyDeps extends RegistryDeps {
  readonly publicUrl: string;
}

const entryOf = (asked: AskingSession, action: string, target: string) =>
  ({ chain: `user:${asked.userId}`, actor: actorOfSession(asked), action, target }) as const;

export const refused = (cause?: unknown): AppError => new AppError("passkey_refused", { cause });

/** Throws AppError 409 for a site without a name: browsers make no passkeys for an address. */
export function rpIdOf(publicUrl: string): string {
  const { hostname } = new URL(publicUrl);
  if (isIP(hostname) === 0 && !hostname.startsWith("[")) return hostname;
  throw new AppError("conflict", { detail: "Passkeys need a site with a name: this one is reached by an address." });
}

/** What the browser asks its authenticator for. */
export async function beginPasskey(
  deps: PasskeyDeps,
  { userId }: AskingSession,
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return change(deps, { userId }, async (trx, at) => {
    const account = await findAccount(trx, { userId });
    if (account === null) throw new AppError("not_signed_in");
    const present = await readPasskeys(trx, userId);
    requireRoom(present.length);
    const options = await generateRegistrationOptions({
      rpName: "Top Dog",
      rpID: rpIdOf(deps.publicUrl),
      userName: account.email,
      userID: Uint8Array.from(Buffer.from(userId)),
      attestationType: "none",
      excludeCredentials: present.map(({ credentialId }) => ({ id: credentialId })),
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    await insertChallenge(trx, hashKey(options.challenge), userId, new Date(at.getTime() + challengeLifetimeMs));
    return options;
  });
}

function requireRoom(present: number): void {
  if (present < maxPasskeysPerUser) return;
  throw new AppError("conflict", { detail: `A user may have ${maxPasskeysPerUser} passkeys: remove one first.` });
}

/** Throws AppError 401 for an answer that is not one to a challenge of this user and site. */
export async function addPasskey(
  deps: PasskeyDeps,
  asked: AskingSession,
  { name, response }: { readonly name: string; readonly response: RegistrationResponseJSON },
): Promise<Passkey> {
  const { userId } = asked;
  const { challenge, credential } = await verifyNew(deps, response);
  return change(deps, { userId }, async (trx, at) => {
    if (!(await useChallenge(trx, hashKey(challenge), userId, at))) throw refused();
    // So that they are counted by one request at a time.
    await lockUser(trx, userId);
    requireRoom((await readPasskeys(trx, userId)).length);
    const passkey = {
      id: createId("pky", deps.randomBytes),
      userId,
      credentialId: credential.id,
      publicKey: credential.publicKey,
      counter: credential.counter,
      name,
      createdAt: at,
      lastUsedAt: null,
    };
    if (!(await insertPasskey(trx, passkey)))
      throw new AppError("conflict", { detail: "This passkey is stored already." });
    await appendAudit(trx, { ...entryOf(asked, "passkey.added", passkey.id), at, details: { name } });
    return passkey;
  });
}

/** The client writes it, as any JSON. */
export function challengeOf(given: unknown): string {
  if (typeof given === "string") return given;
  throw new TypeError("the challenge is no text");
}

/** No statement about the authenticator is asked for, so none with certificates is taken: they name addresses that would be fetched. */
function assertNoCertificates({ response: { attestationObject } }: RegistrationResponseJSON): void {
  const attestation = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format = attestation.get("fmt");
  if (format === "none" || (format === "packed" && attestation.get("attStmt").get("x5c") === undefined)) return;
  throw new TypeError(`an attestation of the format ${format}`);
}

async function verifyNew({ publicUrl }: PasskeyDeps, response: RegistrationResponseJSON) {
  let challenge = "";
  try {
    assertNoCertificates(response);
  } catch (error) {
    throw refused(error);
  }
  const verified = await verifyRegistrationResponse({
    response,
    // Whether it was ours is asked of the database, which takes it once.
    expectedChallenge: (given: unknown) => {
      challenge = challengeOf(given);
      return true;
    },
    expectedOrigin: publicUrl,
    expectedRPID: rpIdOf(publicUrl),
    requireUserVerification: true,
  }).catch((error: unknown) => {
    throw refused(error);
  });
  if (!verified.verified) throw refused();
  const { credential } = verified.registrationInfo;
  // The library takes any id that an authenticator writes, of any length: ours is the one that the request named, which was checked.
  if (credential.id !== response.id) throw refused();
  return { challenge, credential };
}

export const listPasskeys = (deps: RegistryDeps, userId: string): Promise<readonly Passkey[]> =>
  read(deps.db, { userId }, (trx) => readPasskeys(trx, userId));

export async function removePasskey(deps: OidcDeps, asked: AskingSession, id: string): Promise<void> {
  await change(deps, { userId: asked.userId }, async (trx, at) => {
    await lockUser(trx, asked.userId);
    const name = await deletePasskey(trx, asked.userId, id);
    if (name === null) throw new AppError("not_found", { detail: "There is no such passkey." });
    await requireWayIn(deps, trx, asked.userId);
    await appendAudit(trx, { ...entryOf(asked, "passkey.removed", id), at, details: { name } });
  });
}

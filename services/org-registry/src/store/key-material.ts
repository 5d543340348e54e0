import { createHash } from "node:crypto";
import { formatApiKey } from "@topdog/contracts/api-key";

export type RandomBytes = (size: number) => Buffer;

export interface KeyMaterial {
  /** Shown once, stored nowhere. */
  readonly key: string;
  readonly hash: string;
  readonly prefix: string;
  readonly lastFour: string;
}

/** The key has 256 random bits, so a plain SHA-256 is enough to store. */
export function createKeyMaterial(randomBytes: RandomBytes): KeyMaterial {
  const key = formatApiKey(randomBytes(32));
  return { key, hash: hashKey(key), prefix: key.slice(0, 8), lastFour: key.slice(-4) };
}

/** Of a session, or of a link in a mail: 256 random bits, of which only the hash is stored. */
export function createToken(randomBytes: RandomBytes): { readonly token: string; readonly hash: string } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: hashKey(token) };
}

export const hashKey = (key: string): string => createHash("sha256").update(key).digest("hex");

/** An id of 96 random bits: `usr_…`, `org_…`, `key_…`, `cred_…`, `ses_…`, `inv_…`, `svc_…`, `pky_…`, `idn_…`. */
export const createId = (
  kind: "usr" | "org" | "key" | "cred" | "ses" | "inv" | "svc" | "pky" | "idn",
  randomBytes: RandomBytes,
): string => `${kind}_${randomBytes(12).toString("hex")}`;

const hashOf = (what: string, secret: string): string =>
  createHash("sha256").update(`${what}:${secret}`).digest("base64url");

/** The provider repeats it in its answer, which so belongs to this browser. It does not tell the secret. */
export const oidcStateOf = (secret: string): string => hashOf("state", secret);
/** The provider repeats it in the ID token, which so was made for this sign-in. */
export const oidcNonceOf = (secret: string): string => hashOf("nonce", secret);

import { randomBytes } from "node:crypto";
import { Secret } from "@topdog/config/secret";
import { decrypt, encrypt, keyBytes } from "./aead.ts";
import { contextBytes, type KeyWrapper, type WrapContext, type WrappedKey } from "./key-wrapper.ts";
import { VaultError } from "./vault-error.ts";

/** A secret under a data key of its own, which is wrapped by a key-encryption key. */
export interface Envelope extends WrappedKey {
  readonly sealed: string;
}

/** The one record that an envelope opens for: it is bound into both layers. */
export interface Binding {
  /** Whose it is: `user:<id>` or `org:<id>`. */
  readonly tenant: string;
  /** The user who brought it. */
  readonly owner: string;
  readonly id: string;
  readonly provider: string;
  readonly version: number;
}

/** Of a secret, in UTF-8. */
export const maxSecretBytes = 8192;

const contextOf = ({ tenant, owner, id, provider, version }: Binding): WrapContext => ({
  purpose: "topdog-credential",
  tenant,
  owner,
  id,
  provider,
  version: String(version),
});

/** Runs `work` with the data key and wipes it, whatever happens. */
async function withDataKey<T>(dataKey: Buffer, work: (dataKey: Buffer) => T | Promise<T>): Promise<T> {
  try {
    return await work(dataKey);
  } finally {
    dataKey.fill(0);
  }
}

export function seal(keys: KeyWrapper, secret: Secret, binding: Binding): Promise<Envelope> {
  const context = contextOf(binding);
  const plaintext = Buffer.from(secret.reveal());
  if (plaintext.length === 0 || plaintext.length > maxSecretBytes) {
    throw new RangeError(`a secret has 1 to ${maxSecretBytes} bytes`);
  }
  return withDataKey(randomBytes(keyBytes), async (dataKey) => {
    const sealed = encrypt(dataKey, plaintext, contextBytes("secret", context));
    plaintext.fill(0);
    return { ...(await keys.wrap(dataKey, context)), sealed };
  });
}

/** Rejects with VaultError for any other record, key or byte. */
export async function open(keys: KeyWrapper, { kid, wrapped, sealed }: Envelope, binding: Binding): Promise<Secret> {
  const context = contextOf(binding);
  return withDataKey(await keys.unwrap({ kid, wrapped }, context), (dataKey) => {
    const plaintext = decrypt(dataKey, sealed, contextBytes("secret", context));
    if (plaintext.length > maxSecretBytes) throw new VaultError("malformed", "what is sealed is too long");
    const secret = Secret.of(plaintext.toString("utf8"));
    plaintext.fill(0);
    return secret;
  });
}

/** The same envelope under the current key-encryption key; the secret itself is not opened. */
export async function rewrap(
  keys: KeyWrapper,
  { kid, wrapped, sealed }: Envelope,
  binding: Binding,
): Promise<Envelope> {
  const context = contextOf(binding);
  return withDataKey(await keys.unwrap({ kid, wrapped }, context), async (dataKey) => ({
    ...(await keys.wrap(dataKey, context)),
    sealed,
  }));
}

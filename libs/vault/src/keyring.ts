import { randomBytes } from "node:crypto";
import { z } from "zod";
import { decrypt, encrypt, keyBytes } from "./aead.ts";
import { contextBytes, type KeyWrapper, type WrapContext } from "./key-wrapper.ts";
import { VaultError } from "./vault-error.ts";

/** The key in use, and others that old envelopes are still wrapped with. */
const keysMax = 10;
/** 32 bytes in base64url. */
const keyCharacters = 43;

const keySet = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        kty: z.literal("oct"),
        kid: z.string().regex(/^[\w.-]{1,64}$/),
        k: z.base64url().length(keyCharacters),
      }),
    )
    .min(1)
    .max(keysMax),
});

/** Key-encryption keys by kid, newest first. Printing it shows none of them. */
export class VaultKeys {
  readonly #keys: ReadonlyMap<string, Buffer>;
  readonly currentKid: string;

  constructor(keys: ReadonlyMap<string, Buffer>) {
    const [newest] = keys.keys();
    if (newest === undefined) throw new Error("a keyring needs a key");
    this.#keys = keys;
    this.currentKid = newest;
  }

  find(kid: string): Buffer {
    const key = this.#keys.get(kid);
    if (key === undefined) throw new VaultError("unknown_key", `no key ${kid} is in the keyring`);
    return key;
  }
}

const message = `must be a JWK set of 1 to ${keysMax} keys of 256 bits, newest first, each with kty "oct", kid and k, and no kid twice`;

/** The configuration's field. Its errors never repeat the text. */
export const vaultKeysField = z
  .string()
  .transform((text, context): VaultKeys => {
    try {
      const { keys } = keySet.parse(JSON.parse(text));
      const byKid = new Map(keys.map(({ kid, k }) => [kid, Buffer.from(k, "base64url")]));
      const usable = [...byKid.values()].every((key) => key.length === keyBytes && new Set(key).size > 1);
      if (byKid.size === keys.length && usable) return new VaultKeys(byKid);
    } catch {
      // Said below, without what was read.
    }
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  })
  .describe("Key-encryption keys of the vault: a JWK set of 256-bit secrets with their kids, newest first");

/** The keys of this process's configuration, as the holder of key-encryption keys. */
export function createKeyring(keys: VaultKeys): KeyWrapper {
  const bound = (kid: string, context: WrapContext): Buffer => contextBytes("key", { ...context, kid });
  const { currentKid } = keys;
  return {
    currentKid,
    wrap: async (dataKey, context) => ({
      kid: currentKid,
      wrapped: encrypt(keys.find(currentKid), dataKey, bound(currentKid, context)),
    }),
    unwrap: async ({ kid, wrapped }, context) => {
      const dataKey = decrypt(keys.find(kid), wrapped, bound(kid, context));
      if (dataKey.length === keyBytes) return dataKey;
      throw new VaultError("malformed", "a wrapped key has the wrong length");
    },
  };
}

/** A new key set of one key, as the value of the variable. `older`: such a value, whose keys follow the new one. */
export function createVaultKeys(kid: string, older?: string): string {
  const kept = older === undefined ? [] : keySet.parse(JSON.parse(older)).keys;
  return JSON.stringify({ keys: [{ kty: "oct", kid, k: randomBytes(keyBytes).toString("base64url") }, ...kept] });
}

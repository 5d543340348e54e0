import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { VaultError } from "./vault-error.ts";

const algorithm = "aes-256-gcm";
export const keyBytes = 32;
/** NIST SP 800-38D: 96 random bits, at most 2^32 times under one key. */
const nonceBytes = 12;
const tagBytes = 16;

/** Nonce, ciphertext and tag. Every call draws a nonce. */
export function encryptBytes(key: Buffer, plaintext: Buffer, associatedData: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associatedData);
  const parts = [nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(parts);
}

/** As text, in base64url. */
export const encrypt = (key: Buffer, plaintext: Buffer, associatedData: Buffer): string =>
  encryptBytes(key, plaintext, associatedData).toString("base64url");

/** Throws VaultError `malformed` or `not_authentic`. */
export function decrypt(key: Buffer, text: string, associatedData: Buffer): Buffer {
  const bytes = Buffer.from(text, "base64url");
  // Node skips what is no base64url, and bits that stand for nothing: another text must not mean the same bytes.
  if (bytes.toString("base64url") !== text) throw malformed();
  return decryptBytes(key, bytes, associatedData);
}

const malformed = (): VaultError => new VaultError("malformed", "what is sealed is not in the vault's format");

/** Throws VaultError `malformed` or `not_authentic`. */
export function decryptBytes(key: Buffer, bytes: Buffer, associatedData: Buffer): Buffer {
  if (bytes.length <= nonceBytes + tagBytes) throw malformed();
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(associatedData);
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  const plaintext = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
  try {
    decipher.final();
  } catch {
    plaintext.fill(0);
    throw new VaultError("not_authentic", "what is sealed was changed, or belongs to another record");
  }
  return plaintext;
}

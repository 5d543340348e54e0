import { hkdfSync } from "node:crypto";
import { decrypt, encrypt, keyBytes } from "@topdog/vault/aead";

/** Seals texts so that they can be read again; `owner` must be the same for both. */
export interface SecretBox {
  seal(text: string, owner: string): string;
  /** Throws VaultError. */
  open(sealed: string, owner: string): string;
}

/** Under a key that is derived from the secret. A row that was copied to another owner does not open. */
export function createSecretBox(secret: string): SecretBox {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "topdog totp secrets v1", keyBytes));
  return {
    seal: (text, owner) => encrypt(key, Buffer.from(text), Buffer.from(owner)),
    open: (sealed, owner) => decrypt(key, sealed, Buffer.from(owner)).toString("utf8"),
  };
}

import { hkdfSync } from "node:crypto";
import { Secret } from "@topdog/config/secret";
import { decrypt, keyBytes } from "@topdog/vault/aead";
import { type Binding, type Envelope, open, rewrap, seal } from "@topdog/vault/envelope";
import type { KeyWrapper } from "@topdog/vault/key-wrapper";
import { VaultError } from "@topdog/vault/vault-error";

/** As it is stored; without a kid it is of before these were envelopes of the vault. */
export interface StoredTotpSecret extends Omit<Envelope, "kid" | "wrapped"> {
  readonly kid: string | null;
  readonly wrapped: string | null;
}

/** The secrets of people's authenticator apps, at rest. A row that was copied to another user does not open. */
export interface TotpSecrets {
  readonly currentKid: string;
  seal(secret: string, userId: string): Promise<Envelope>;
  /** Rejects with VaultError. */
  open(stored: StoredTotpSecret, userId: string): Promise<string>;
  /** The same under the current key. */
  renew(stored: StoredTotpSecret, userId: string): Promise<Envelope>;
}

const bindingOf = (userId: string): Binding => ({
  tenant: `user:${userId}`,
  owner: userId,
  id: `totp_${userId}`,
  provider: "totp",
  version: 1,
});

/** `oldSecret`: what sealed the rows of before; without it these do not open. */
export function createTotpSecrets(vault: KeyWrapper, oldSecret: Secret | undefined): TotpSecrets {
  const oldKey =
    oldSecret === undefined
      ? null
      : Buffer.from(hkdfSync("sha256", oldSecret.reveal(), "", "topdog totp secrets v1", keyBytes));
  const openOld = (sealed: string, userId: string): string => {
    if (oldKey === null)
      throw new VaultError("unknown_key", "an authenticator app of before the vault needs AUTH_SECRET");
    return decrypt(oldKey, sealed, Buffer.from(userId)).toString("utf8");
  };
  const sealNew: TotpSecrets["seal"] = (secret, userId) => seal(vault, Secret.of(secret), bindingOf(userId));
  return {
    currentKid: vault.currentKid,
    seal: sealNew,
    open: async ({ kid, wrapped, sealed }, userId) =>
      kid === null || wrapped === null
        ? openOld(sealed, userId)
        : (await open(vault, { kid, wrapped, sealed }, bindingOf(userId))).reveal(),
    renew: async ({ kid, wrapped, sealed }, userId) =>
      kid === null || wrapped === null
        ? sealNew(openOld(sealed, userId), userId)
        : rewrap(vault, { kid, wrapped, sealed }, bindingOf(userId)),
  };
}

/** Passkeys that one user may have. */
export const maxPasskeysPerUser = 20;
/** How long an authenticator may take to answer. */
export const challengeLifetimeMs = 5 * 60_000;

/** What may be shown of a passkey. */
export interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

export interface StoredPasskey extends Passkey {
  readonly userId: string;
  /** The authenticator's own id of it, base64url. */
  readonly credentialId: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly counter: number;
}

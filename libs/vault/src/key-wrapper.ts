/** Facts that a wrapped key is bound to: it opens with exactly these alone. What a cloud KMS calls its encryption context. */
export type WrapContext = Readonly<Record<string, string>>;

export interface WrappedKey {
  /** The key-encryption key that wrapped it. */
  readonly kid: string;
  readonly wrapped: string;
}

/**
 * Who holds the key-encryption keys. They never leave it, so a cloud KMS fits as well as a keyring in this process; an
 * implementation must pass `libs/vault/test/key-wrapper-contract.ts`.
 */
export interface KeyWrapper {
  /** What `wrap` uses; others only unwrap. */
  readonly currentKid: string;
  wrap(dataKey: Buffer, context: WrapContext): Promise<WrappedKey>;
  /** Rejects with VaultError. The caller wipes the key that it gets. */
  unwrap(key: WrappedKey, context: WrapContext): Promise<Buffer>;
}

/** One text for one context, whatever the order of its members. */
export const contextBytes = (layer: string, context: WrapContext): Buffer =>
  Buffer.from(JSON.stringify([layer, Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1))]));

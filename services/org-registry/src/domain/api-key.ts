/** Live keys that one user may hold. */
export const maxLiveKeysPerUser = 100;

/** What may be shown of a key after its creation. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly lastFour: string;
  readonly userId: string;
  readonly orgId: string | null;
  /** The key that it was made with; null when an operator made it. It is revoked with that key. */
  readonly parentKeyId: string | null;
  readonly createdAt: Date;
}

/** Where a key stands in a list, newest first. */
export interface KeyPosition {
  readonly createdAtMs: number;
  readonly id: string;
}

export const positionOfKey = ({ createdAt, id }: ApiKey): KeyPosition => ({ createdAtMs: createdAt.getTime(), id });

export interface StoredApiKey extends ApiKey {
  /** SHA-256 of the key, hex. */
  readonly hash: string;
}

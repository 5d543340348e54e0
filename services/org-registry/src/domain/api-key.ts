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
  readonly createdAt: Date;
}

export interface StoredApiKey extends ApiKey {
  /** SHA-256 of the key, hex. */
  readonly hash: string;
}

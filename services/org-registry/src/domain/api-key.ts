import { defaultKeyScopes, type KeyScope } from "@topdog/contracts/key-scopes";

/** Live keys that one user may hold. */
export const maxLiveKeysPerUser = 100;

/** What a key is for, and what narrows it. Null: no such restriction. */
export interface KeySettings {
  readonly scopes: readonly KeyScope[];
  readonly expiresAt: Date | null;
  readonly allowedModels: readonly string[] | null;
  readonly allowedAddresses: readonly string[] | null;
}

export const defaultKeySettings: KeySettings = {
  scopes: defaultKeyScopes,
  expiresAt: null,
  allowedModels: null,
  allowedAddresses: null,
};

/** As the audit log states them: each in one text. */
export const auditedSettings = ({ scopes, expiresAt, allowedModels, allowedAddresses }: KeySettings) => ({
  scopes: scopes.join(" "),
  expiresAt: expiresAt?.toISOString() ?? null,
  allowedModels: allowedModels?.join(" ") ?? null,
  allowedAddresses: allowedAddresses?.join(" ") ?? null,
});

/** What may be shown of a key after its creation. */
export interface ApiKey extends KeySettings {
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

import { defaultKeyScopes, type KeyScope } from "@topdog/contracts/key-scopes";

/** Live keys that one user, or one service account, may hold. */
export const maxLiveKeysPerUser = 100;

/** What a key is for, and what narrows it. Null: no such restriction. */
export interface KeySettings {
  readonly scopes: readonly KeyScope[];
  readonly expiresAt: Date | null;
  readonly allowedModels: readonly string[] | null;
  readonly allowedAddresses: readonly string[] | null;
  /** Calls a day. */
  readonly dailyCeiling: number | null;
}

export const defaultKeySettings: KeySettings = {
  scopes: defaultKeyScopes,
  expiresAt: null,
  allowedModels: null,
  allowedAddresses: null,
  dailyCeiling: null,
};

/** What may be shown of a key after its creation. */
export interface ApiKey extends KeySettings {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly lastFour: string;
  /** Whose it is: of a service account's key, that account's id. */
  readonly userId: string;
  readonly orgId: string | null;
  /** Calls a day, as an admin of its org set it; null: no such ceiling. */
  readonly orgDailyCeiling: number | null;
  /** Rises with each change of one of its ceilings. */
  readonly ceilingVersion: number;
  /** Null for the key of a person. */
  readonly serviceAccountId: string | null;
  readonly createdAt: Date;
  /** When the secret of before the last rotation ends, or ended; null when there is none. */
  readonly previousEndsAt: Date | null;
  /** Up to ten minutes old; null for a key that was never used. */
  readonly lastUsedAt: Date | null;
}

export interface StoredApiKey extends ApiKey {
  /** SHA-256 of the key, hex. */
  readonly hash: string;
  /** Of the secret of before the last rotation. */
  readonly previousHash: string | null;
}

/** Where a key stands in a list, newest first. */
export interface KeyPosition {
  readonly createdAtMs: number;
  readonly id: string;
}

export const positionOfKey = ({ createdAt, id }: ApiKey): KeyPosition => ({ createdAtMs: createdAt.getTime(), id });

type Facts = Readonly<Record<string, string | null>>;

/** As the audit log states them: each in one text. */
export const auditedSettings = (settings: KeySettings): Facts => ({
  scopes: settings.scopes.join(" "),
  expiresAt: settings.expiresAt?.toISOString() ?? null,
  allowedModels: settings.allowedModels?.join(" ") ?? null,
  allowedAddresses: settings.allowedAddresses?.join(" ") ?? null,
  dailyCeiling: settings.dailyCeiling?.toString() ?? null,
});

type Changeable = KeySettings & Pick<ApiKey, "name">;
const auditedKey = (key: Changeable): Facts => ({ name: key.name, ...auditedSettings(key) });

/** What differs, for the audit log, each with what it was before. Empty when nothing does. */
export function auditedChange(before: Changeable, after: Changeable): Facts {
  const old = auditedKey(before);
  const changed = Object.entries(auditedKey(after)).filter(([name, value]) => old[name] !== value);
  return Object.fromEntries(
    changed.flatMap(([name, value]) => [
      [name, value],
      [`${name}Before`, old[name] ?? null],
    ]),
  );
}

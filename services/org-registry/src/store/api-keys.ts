import type { KeyScope } from "@topdog/contracts/key-scopes";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { ApiKey, KeyPosition, KeySettings, StoredApiKey } from "../domain/api-key.ts";
import type { PageQuery } from "../domain/page.ts";

interface KeyRow {
  id: string;
  hash: string;
  name: string;
  prefix: string;
  last_four: string;
  user_id: string;
  org_id: string | null;
  service_account_id: string | null;
  created_at: Date;
  scopes: KeyScope[];
  expires_at: Date | null;
  allowed_models: string[] | null;
  allowed_addresses: string[] | null;
  previous_hash: string | null;
  previous_ends_at: Date | null;
  last_used_at: Date | null;
  daily_ceiling: number | null;
  org_daily_ceiling: number | null;
  ceiling_version: number;
}

const settingColumns = "scopes, expires_at, allowed_models, allowed_addresses, daily_ceiling";
const columns = `id, hash, name, prefix, last_four, coalesce(user_id, service_account_id) as user_id, org_id, service_account_id,
  created_at, ${settingColumns}, previous_hash, previous_ends_at, last_used_at, org_daily_ceiling, ceiling_version`;

export type SettingsRow = Pick<
  KeyRow,
  "scopes" | "expires_at" | "allowed_models" | "allowed_addresses" | "daily_ceiling"
>;

export const fromDbSettings = (row: SettingsRow): KeySettings => ({
  scopes: row.scopes,
  expiresAt: row.expires_at,
  allowedModels: row.allowed_models,
  allowedAddresses: row.allowed_addresses,
  dailyCeiling: row.daily_ceiling,
});

const fromDbKey = (row: KeyRow): StoredApiKey => ({
  id: row.id,
  hash: row.hash,
  name: row.name,
  prefix: row.prefix,
  lastFour: row.last_four,
  userId: row.user_id,
  orgId: row.org_id,
  serviceAccountId: row.service_account_id,
  createdAt: row.created_at,
  previousHash: row.previous_hash,
  previousEndsAt: row.previous_ends_at,
  lastUsedAt: row.last_used_at,
  orgDailyCeiling: row.org_daily_ceiling,
  ceilingVersion: row.ceiling_version,
  ...fromDbSettings(row),
});

const copyOf = (list: readonly string[] | null): string[] | null => (list === null ? null : [...list]);

/** In the order of the columns. */
const settingValues = ({ scopes, expiresAt, allowedModels, allowedAddresses, dailyCeiling }: KeySettings) => [
  [...scopes] as string[],
  expiresAt,
  copyOf(allowedModels),
  copyOf(allowedAddresses),
  dailyCeiling,
];

export async function insertKey(trx: Transaction, key: StoredApiKey): Promise<void> {
  const { id, hash, name, prefix, lastFour, userId, orgId, serviceAccountId, createdAt } = key;
  await trx.raw(
    `insert into api_key (id, hash, name, prefix, last_four, user_id, org_id, service_account_id, created_at, ${settingColumns})
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      hash,
      name,
      prefix,
      lastFour,
      serviceAccountId === null ? userId : null,
      orgId,
      serviceAccountId,
      createdAt,
      ...settingValues(key),
    ],
  );
}

/** Writes the name, the settings and the ceilings of a locked key. */
export async function updateKey(trx: Transaction, key: ApiKey): Promise<void> {
  await trx.raw(
    `update api_key set name = ?, scopes = ?, expires_at = ?, allowed_models = ?, allowed_addresses = ?, daily_ceiling = ?,
       org_daily_ceiling = ?, ceiling_version = ? where id = ?`,
    [key.name, ...settingValues(key), key.orgDailyCeiling, key.ceilingVersion, key.id],
  );
}

/** Writes the secrets of a locked key. */
export async function updateSecrets(trx: Transaction, key: StoredApiKey): Promise<void> {
  const { id, hash, prefix, lastFour, previousHash, previousEndsAt } = key;
  await trx.raw(
    "update api_key set hash = ?, prefix = ?, last_four = ?, previous_hash = ?, previous_ends_at = ? where id = ?",
    [hash, prefix, lastFour, previousHash, previousEndsAt, id],
  );
}

/** Of a user or of a service account. */
export async function countLiveKeys(trx: Transaction, holderId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { live: number }[] }>(
    "select count(*)::int as live from api_key where (user_id = ? or service_account_id = ?) and revoked_at is null",
    [holderId, holderId],
  );
  return rows[0]?.live ?? 0;
}

export interface KeyFilter {
  readonly userId?: string | undefined;
  readonly orgId?: string | undefined;
}

/** Newest first. An absent filter does not restrict. */
export async function listLiveKeys(
  db: Database,
  filter: KeyFilter,
  { after, limit }: PageQuery<KeyPosition>,
): Promise<ApiKey[]> {
  const { rows } = await db.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key
     where revoked_at is null
       and (cast(? as text) is null or user_id = ?)
       and (cast(? as text) is null or org_id = ?)
       and (cast(? as timestamptz) is null or (created_at, id) < (?, ?))
     order by created_at desc, id desc limit ?`,
    [
      filter.userId ?? null,
      filter.userId ?? null,
      filter.orgId ?? null,
      filter.orgId ?? null,
      ...positionValues(after),
      limit,
    ],
  );
  return rows.map(fromDbKey);
}

/** The position's time is passed twice: the first one tells whether there is a position. */
function positionValues(after: KeyPosition | null): (Date | string | null)[] {
  const createdAt = after === null ? null : new Date(after.createdAtMs);
  return [createdAt, createdAt, after?.id ?? null];
}

export async function findLiveKey(db: Database, keyId: string): Promise<StoredApiKey | null> {
  const { rows } = await db.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key where id = ? and revoked_at is null`,
    [keyId],
  );
  return rows[0] === undefined ? null : fromDbKey(rows[0]);
}

/** The live keys that a member holds in an org: no more than a user may hold. */
export async function listLiveKeyIds(trx: Transaction, orgId: string, userId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    "select id from api_key where org_id = ? and user_id = ? and revoked_at is null order by id",
    [orgId, userId],
  );
  return rows.map((row) => row.id);
}

/** The live keys of a service account. */
export async function listLiveKeyIdsOf(trx: Transaction, serviceAccountId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    "select id from api_key where service_account_id = ? and revoked_at is null order by id",
    [serviceAccountId],
  );
  return rows.map((row) => row.id);
}

/** Locks the key, so that of two revocations at once the second one finds nothing. */
export async function lockLiveKey(trx: Transaction, keyId: string): Promise<StoredApiKey | null> {
  const { rows } = await trx.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key where id = ? and revoked_at is null for update`,
    [keyId],
  );
  return rows[0] === undefined ? null : fromDbKey(rows[0]);
}

/** The live key with this secret, or with this old one, locked. */
export async function lockLiveKeyByHash(trx: Transaction, keyHash: string): Promise<StoredApiKey | null> {
  const { rows } = await trx.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key where (hash = ? or previous_hash = ?) and revoked_at is null for update`,
    [keyHash, keyHash],
  );
  return rows[0] === undefined ? null : fromDbKey(rows[0]);
}

export async function markRevoked(trx: Transaction, keyId: string, at: Date): Promise<void> {
  await trx.raw("update api_key set revoked_at = ? where id = ?", [at, keyId]);
}

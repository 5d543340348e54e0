import type { PlanId } from "@topdog/contracts/plans";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { KeyScope } from "@topdog/contracts/key-scopes";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { ApiKey, KeyPosition, KeySettings, StoredApiKey } from "../domain/api-key.ts";
import type { PageQuery } from "../domain/page.ts";
import type { KeyHolder } from "../domain/principal.ts";

interface KeyRow {
  id: string;
  hash: string;
  name: string;
  prefix: string;
  last_four: string;
  user_id: string;
  org_id: string | null;
  parent_key_id: string | null;
  created_at: Date;
  scopes: KeyScope[];
  expires_at: Date | null;
  allowed_models: string[] | null;
  allowed_addresses: string[] | null;
}

const columns = `id, hash, name, prefix, last_four, user_id, org_id, parent_key_id, created_at, scopes, expires_at, allowed_models,
  allowed_addresses`;

type SettingsRow = Pick<KeyRow, "scopes" | "expires_at" | "allowed_models" | "allowed_addresses">;

const fromDbSettings = (row: SettingsRow): KeySettings => ({
  scopes: row.scopes,
  expiresAt: row.expires_at,
  allowedModels: row.allowed_models,
  allowedAddresses: row.allowed_addresses,
});

const fromDbKey = (row: KeyRow): StoredApiKey => ({
  id: row.id,
  hash: row.hash,
  name: row.name,
  prefix: row.prefix,
  lastFour: row.last_four,
  userId: row.user_id,
  orgId: row.org_id,
  parentKeyId: row.parent_key_id,
  createdAt: row.created_at,
  ...fromDbSettings(row),
});

/** In the order of `columns`. */
const settingValues = ({ scopes, expiresAt, allowedModels, allowedAddresses }: KeySettings) => [
  [...scopes] as string[],
  expiresAt,
  copyOf(allowedModels),
  copyOf(allowedAddresses),
];

const copyOf = (list: readonly string[] | null): string[] | null => (list === null ? null : [...list]);

export async function insertKey(trx: Transaction, key: StoredApiKey): Promise<void> {
  const { id, hash, name, prefix, lastFour, userId, orgId, parentKeyId, createdAt } = key;
  await trx.raw(
    `insert into api_key (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, // the order of `columns`
    [id, hash, name, prefix, lastFour, userId, orgId, parentKeyId, createdAt, ...settingValues(key)],
  );
}

export async function countLiveKeys(trx: Transaction, userId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { live: number }[] }>(
    "select count(*)::int as live from api_key where user_id = ? and revoked_at is null",
    [userId],
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

/** Keeps a live key from being revoked until the transaction ends. Returns false for one that is not live. */
export async function holdLiveKey(trx: Transaction, keyId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    "select 1 from api_key where id = ? and revoked_at is null for share",
    [keyId],
  );
  return rows.length === 1;
}

/** The live keys that a member holds in an org: no more than a user may hold. */
export async function listLiveKeyIds(trx: Transaction, orgId: string, userId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    "select id from api_key where org_id = ? and user_id = ? and revoked_at is null order by id",
    [orgId, userId],
  );
  return rows.map((row) => row.id);
}

/** Locks the live keys that were made with one of these. The caller of this function has locked these, so that no more are being made. */
export async function lockLiveKeysMadeWith(trx: Transaction, keyIds: readonly string[]): Promise<StoredApiKey[]> {
  const { rows } = await trx.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key where parent_key_id = any(?) and revoked_at is null order by id for update`,
    [[...keyIds]],
  );
  return rows.map(fromDbKey);
}

/** Locks the key, so that of two revocations at once the second one finds nothing. */
export async function lockLiveKey(trx: Transaction, keyId: string): Promise<StoredApiKey | null> {
  const { rows } = await trx.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key where id = ? and revoked_at is null for update`,
    [keyId],
  );
  return rows[0] === undefined ? null : fromDbKey(rows[0]);
}

export async function markRevoked(trx: Transaction, keyId: string, at: Date): Promise<void> {
  await trx.raw("update api_key set revoked_at = ? where id = ?", [at, keyId]);
}

interface HolderRow extends SettingsRow {
  id: string;
  user_id: string;
  org_id: string | null;
  role: MemberRole | null;
  active: boolean | null;
  plan: PlanId | null;
  seats: number | null;
  own_live: number | null;
  own_used: number | null;
  pool_live: number | null;
  pool_used: number | null;
}

/** The hot read behind every gateway's cache miss: one index probe per table. An expired key has no holder. */
export async function findKeyHolder(db: Database, keyHash: string, at: Date): Promise<KeyHolder | null> {
  const { rows } = await db.raw<{ rows: HolderRow[] }>(
    `select k.id, k.user_id, k.org_id, m.role, m.active and o.deletion_due_at is null as active, e.plan, e.seats,
        own.live as own_live, own.used as own_used, pool.live as pool_live, pool.used as pool_used,
        k.scopes, k.expires_at, k.allowed_models, k.allowed_addresses
     from api_key k
     left join org o on o.id = k.org_id
     left join member m on m.org_id = k.org_id and m.user_id = k.user_id and m.removed_at is null
     left join entitlement e on e.owner = coalesce('org:' || k.org_id, 'user:' || k.user_id)
     left join byok_tenant own on own.tenant = 'user:' || k.user_id
     left join byok_tenant pool on pool.tenant = 'org:' || k.org_id
     where k.hash = ? and k.revoked_at is null and (k.expires_at is null or k.expires_at > ?)`,
    [keyHash, at],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    keyId: row.id,
    userId: row.user_id,
    orgId: row.org_id,
    role: row.role,
    active: row.active ?? false,
    plan: row.plan,
    seats: row.seats ?? 1,
    credentials: {
      own: { live: row.own_live ?? 0, used: row.own_used ?? 0 },
      pool: { live: row.pool_live ?? 0, used: row.pool_used ?? 0 },
    },
    settings: fromDbSettings(row),
  };
}

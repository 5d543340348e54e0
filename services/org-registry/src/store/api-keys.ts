import type { PlanId } from "@topdog/contracts/plans";
import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { ApiKey, StoredApiKey } from "../domain/api-key.ts";
import type { KeyHolder } from "../domain/principal.ts";

interface KeyRow {
  id: string;
  hash: string;
  name: string;
  prefix: string;
  last_four: string;
  user_id: string;
  org_id: string | null;
  created_at: Date;
}

const columns = "id, hash, name, prefix, last_four, user_id, org_id, created_at";

const fromDbKey = (row: KeyRow): StoredApiKey => ({
  id: row.id,
  hash: row.hash,
  name: row.name,
  prefix: row.prefix,
  lastFour: row.last_four,
  userId: row.user_id,
  orgId: row.org_id,
  createdAt: row.created_at,
});

export async function insertKey(trx: Transaction, key: StoredApiKey): Promise<void> {
  await trx.raw(
    `insert into api_key (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?)`, // the order of `columns`
    [key.id, key.hash, key.name, key.prefix, key.lastFour, key.userId, key.orgId, key.createdAt],
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

/** Newest first, at most `limit`, continuing after the key `after`. An absent filter does not restrict. */
export async function listLiveKeys(
  db: Database,
  filter: KeyFilter,
  page: { after: string | null; limit: number },
): Promise<ApiKey[]> {
  const { rows } = await db.raw<{ rows: KeyRow[] }>(
    `select ${columns} from api_key
     where revoked_at is null
       and (cast(? as text) is null or user_id = ?)
       and (cast(? as text) is null or org_id = ?)
       and (cast(? as text) is null or seq < (select seq from api_key where id = ?))
     order by seq desc limit ?`,
    [
      filter.userId ?? null,
      filter.userId ?? null,
      filter.orgId ?? null,
      filter.orgId ?? null,
      page.after,
      page.after,
      page.limit,
    ],
  );
  return rows.map(fromDbKey);
}

/** Locks the key, so that of two revocations at once one finds nothing. */
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

interface HolderRow {
  id: string;
  user_id: string;
  org_id: string | null;
  role: MemberRole | null;
  active: boolean | null;
  plan: PlanId | null;
  seats: number | null;
}

/** The hot read behind every gateway's cache miss: one index probe per table. */
export async function findKeyHolder(db: Database, keyHash: string): Promise<KeyHolder | null> {
  const { rows } = await db.raw<{ rows: HolderRow[] }>(
    `select k.id, k.user_id, k.org_id, m.role, m.active, e.plan, e.seats
     from api_key k
     left join member m on m.org_id = k.org_id and m.user_id = k.user_id
     left join entitlement e on e.owner = coalesce('org:' || k.org_id, 'user:' || k.user_id)
     where k.hash = ? and k.revoked_at is null`,
    [keyHash],
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
  };
}

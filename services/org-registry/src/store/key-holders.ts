import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { PlanId } from "@topdog/contracts/plans";
import type { Database } from "@topdog/postgres/pool";
import type { KeyHolder } from "../domain/principal.ts";
import { fromDbSettings, type SettingsRow } from "./api-keys.ts";

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

/**
 * The hot read behind every gateway's cache miss: one index probe per hash, one per table. A key that has expired has no holder; a secret
 * of before the last rotation has one until it ends, and by it the key expires then.
 */
export async function findKeyHolder(db: Database, keyHash: string, at: Date): Promise<KeyHolder | null> {
  const { rows } = await db.raw<{ rows: HolderRow[] }>(
    `select k.id, k.user_id, k.org_id, m.role, m.active and o.deletion_due_at is null as active, e.plan, e.seats,
       own.live as own_live, own.used as own_used, pool.live as pool_live, pool.used as pool_used,
       k.scopes, k.allowed_models, k.allowed_addresses,
       case when k.hash = ? then k.expires_at else least(k.expires_at, k.previous_ends_at) end as expires_at
     from api_key k
     left join org o on o.id = k.org_id
     left join member m on m.org_id = k.org_id and m.user_id = k.user_id and m.removed_at is null
     left join entitlement e on e.owner = coalesce('org:' || k.org_id, 'user:' || k.user_id)
     left join byok_tenant own on own.tenant = 'user:' || k.user_id
     left join byok_tenant pool on pool.tenant = 'org:' || k.org_id
     where (k.hash = ? or (k.previous_hash = ? and k.previous_ends_at > ?))
       and k.revoked_at is null and (k.expires_at is null or k.expires_at > ?)`,
    [keyHash, keyHash, keyHash, at, at],
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

import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { PlanId } from "@topdog/contracts/plans";
import type { Database } from "@topdog/postgres/pool";
import type { KeyHolder } from "../domain/principal.ts";
import { fromDbSettings, type SettingsRow } from "./api-keys.ts";

interface HolderRow extends SettingsRow {
  id: string;
  user_id: string | null;
  service_account_id: string | null;
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
 * The hot read behind every gateway's cache miss: a function of the database, which may look at all tenants: one index probe per hash, one
 * per table. A key that has expired has no holder; a secret of before the last rotation has one until it ends, and by it the key expires then.
 */
export async function findKeyHolder(db: Database, keyHash: string, at: Date): Promise<KeyHolder | null> {
  const { rows } = await db.raw<{ rows: HolderRow[] }>(
    `select id, user_id, service_account_id, org_id, role, active, plan, seats, own_live, own_used, pool_live, pool_used, scopes, allowed_models,
       allowed_addresses, expires_at
     from key_holder(?, ?)`,
    [keyHash, at],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    keyId: row.id,
    userId: row.user_id ?? row.service_account_id ?? "",
    isServiceAccount: row.service_account_id !== null,
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

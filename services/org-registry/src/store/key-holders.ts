import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { PlanId } from "@topdog/contracts/plans";
import type { Database } from "@topdog/postgres/pool";
import type { KeyHolder } from "../domain/principal.ts";
import { fromDbSettings, type SettingsRow } from "./api-keys.ts";

interface HolderRow extends SettingsRow {
  org_daily_ceiling: number | null;
  ceiling_version: number;
  member_ceiling: number | null;
  member_version: number | null;
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
  org_allowed_models: string[] | null;
  org_denied_models: string[] | null;
  org_allowed_providers: string[] | null;
  org_denied_providers: string[] | null;
}

/**
 * The hot read behind every gateway's cache miss: a function of the database, which may look at all tenants: one index probe per hash, one
 * per table. A key that has expired has no holder; a secret of before the last rotation has one until it ends, and by it the key expires then.
 */
export async function findKeyHolder(db: Database, keyHash: string, at: Date): Promise<KeyHolder | null> {
  const { rows } = await db.raw<{ rows: HolderRow[] }>(
    `select id, user_id, service_account_id, org_id, role, active, plan, seats, own_live, own_used, pool_live, pool_used, scopes, allowed_models,
       allowed_addresses, expires_at, org_allowed_models, org_denied_models, org_allowed_providers, org_denied_providers, daily_ceiling,
       org_daily_ceiling, ceiling_version, member_ceiling, member_version
     from key_holder(?, ?) left join lateral model_rules_of(org_id) on true`,
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
    modelRules: {
      allowedModels: row.org_allowed_models,
      deniedModels: row.org_denied_models,
      allowedProviders: row.org_allowed_providers,
      deniedProviders: row.org_denied_providers,
    },
    settings: fromDbSettings(row),
    orgCeiling: row.org_daily_ceiling,
    ceilingVersion: row.ceiling_version,
    memberCeiling:
      row.member_ceiling === null || row.member_version === null
        ? null
        : { limit: row.member_ceiling, version: row.member_version },
  };
}

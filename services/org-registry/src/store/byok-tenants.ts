import type { Database, Transaction } from "@topdog/postgres/pool";
import { noCredentials, type Tenant, type TenantState } from "../domain/credential.ts";

const columns = "live, used, fallback";

export async function findTenant(db: Database, tenant: Tenant): Promise<TenantState> {
  const { rows } = await db.raw<{ rows: TenantState[] }>(`select ${columns} from byok_tenant where tenant = ?`, [
    tenant,
  ]);
  return rows[0] ?? noCredentials;
}

/** The owner lock of a tenant's credentials: they are counted, added and taken away by one transaction at a time. */
export async function lockTenant(trx: Transaction, tenant: Tenant): Promise<TenantState> {
  await trx.raw("insert into byok_tenant (tenant, live, used) values (?, 0, 0) on conflict do nothing", [tenant]);
  const { rows } = await trx.raw<{ rows: TenantState[] }>(
    `select ${columns} from byok_tenant where tenant = ? for update`,
    [tenant],
  );
  if (rows[0] === undefined) throw new Error("a tenant that was inserted is gone");
  return rows[0];
}

/** As `lockTenant`, for a tenant that never had a credential: null, and no row is made. */
export async function lockKnownTenant(trx: Transaction, tenant: Tenant): Promise<TenantState | null> {
  const { rows } = await trx.raw<{ rows: TenantState[] }>(
    `select ${columns} from byok_tenant where tenant = ? for update`,
    [tenant],
  );
  return rows[0] ?? null;
}

/** Counts again after a change. The caller of this function holds the lock. */
export async function recount(trx: Transaction, tenant: Tenant): Promise<void> {
  await trx.raw(
    `update byok_tenant set (live, used) =
       (select count(*), count(*) filter (where disabled_at is null) from credential where tenant = ? and revoked_at is null)
     where tenant = ?`,
    [tenant, tenant],
  );
}

export async function setFallback(trx: Transaction, tenant: Tenant, fallback: boolean): Promise<void> {
  await trx.raw("update byok_tenant set fallback = ? where tenant = ?", [fallback, tenant]);
}

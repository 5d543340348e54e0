import type { Transaction } from "@topdog/postgres/pool";
import type { Tenant } from "../domain/credential.ts";
import { recount } from "./byok-tenants.ts";

/**
 * The oldest credentials fit into the capacity and are free; the newer ones are blocked, those that were so already since then.
 * The caller of this function holds the tenant's lock. Returns how many became blocked or free.
 */
export async function fitToCapacity(trx: Transaction, tenant: Tenant, capacity: number, at: Date): Promise<number> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `with aged as (
       select id, row_number() over (order by created_at, id) > ? as surplus
       from credential where tenant = ? and revoked_at is null
     )
     update credential c
     set blocked_since = case when a.surplus then ?::timestamptz end, disabled_at = null, changed_at = ?
     from aged a where a.id = c.id and a.surplus <> (c.blocked_since is not null)
     returning c.id`,
    [capacity, tenant, at, at],
  );
  if (rows.length > 0) await recount(trx, tenant);
  return rows.length;
}

/** Tenants with credentials that have been blocked since before. */
export async function tenantsBlockedBefore(trx: Transaction, before: Date, limit: number): Promise<Tenant[]> {
  const { rows } = await trx.raw<{ rows: { tenant: Tenant }[] }>(
    `select distinct tenant from (
       select tenant from credential
       where blocked_since <= ? and disabled_at is null and revoked_at is null order by blocked_since, id limit ?
     ) oldest order by tenant`,
    [before, limit],
  );
  return rows.map(({ tenant }) => tenant);
}

export async function disableBlockedBefore(
  trx: Transaction,
  tenant: Tenant,
  before: Date,
  at: Date,
): Promise<{ id: string; provider: string; version: number }[]> {
  const { rows } = await trx.raw<{ rows: { id: string; provider: string; version: number }[] }>(
    `update credential set disabled_at = ?, changed_at = ?
     where tenant = ? and blocked_since <= ? and disabled_at is null and revoked_at is null
     returning id, provider, version`,
    [at, at, tenant, before],
  );
  if (rows.length > 0) await recount(trx, tenant);
  return rows;
}

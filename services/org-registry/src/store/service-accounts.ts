import type { Database, Transaction } from "@topdog/postgres/pool";
import type { PageQuery } from "../domain/page.ts";
import type { ServiceAccount } from "../domain/service-account.ts";

interface ServiceAccountRow {
  id: string;
  org_id: string;
  name: string;
  created_by: string;
  created_at: Date;
}

const columns = "id, org_id, name, created_by, created_at";

const fromDbServiceAccount = (row: ServiceAccountRow): ServiceAccount => ({
  id: row.id,
  orgId: row.org_id,
  name: row.name,
  createdBy: row.created_by,
  createdAt: row.created_at,
});

export async function insertServiceAccount(trx: Transaction, one: ServiceAccount): Promise<void> {
  await trx.raw(`insert into service_account (${columns}) values (?, ?, ?, ?, ?)`, [
    one.id,
    one.orgId,
    one.name,
    one.createdBy,
    one.createdAt,
  ]);
}

export async function countServiceAccounts(trx: Transaction, orgId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { live: number }[] }>(
    "select count(*)::int as live from service_account where org_id = ? and removed_at is null",
    [orgId],
  );
  return rows[0]?.live ?? 0;
}

/** By id. */
export async function listServiceAccounts(
  db: Database,
  orgId: string,
  { after, limit }: PageQuery<string>,
): Promise<ServiceAccount[]> {
  const { rows } = await db.raw<{ rows: ServiceAccountRow[] }>(
    `select ${columns} from service_account where org_id = ? and removed_at is null and id > ? order by id limit ?`,
    [orgId, after ?? "", limit],
  );
  return rows.map(fromDbServiceAccount);
}

/** Locked, so that its keys are counted, made and revoked by one transaction at a time. Null for one that is not this org's. */
export async function lockServiceAccount(trx: Transaction, orgId: string, id: string): Promise<ServiceAccount | null> {
  const { rows } = await trx.raw<{ rows: ServiceAccountRow[] }>(
    `select ${columns} from service_account where org_id = ? and id = ? and removed_at is null for no key update`,
    [orgId, id],
  );
  return rows[0] === undefined ? null : fromDbServiceAccount(rows[0]);
}

export async function markServiceAccountRemoved(trx: Transaction, id: string, at: Date): Promise<void> {
  await trx.raw("update service_account set removed_at = ? where id = ?", [at, id]);
}

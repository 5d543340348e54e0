import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Envelope } from "@topdog/vault/envelope";

/** An envelope with what it is bound to. */
export interface WrappedCredential {
  readonly id: string;
  readonly tenant: string;
  readonly addedBy: string;
  readonly provider: string;
  readonly version: number;
  readonly envelope: Envelope;
}

interface WrappedRow {
  id: string;
  tenant: string;
  added_by: string;
  provider: string;
  version: number;
  kid: string;
  wrapped: string;
  sealed: string;
}

/** Live credentials, and how many of them are under this key-encryption key. */
export async function countByKey(db: Database, kid: string): Promise<{ total: number; current: number }> {
  const { rows } = await db.raw<{ rows: { total: number; current: number }[] }>(
    `select count(*)::int as total, (count(*) filter (where kid = ?))::int as current from credential
     where revoked_at is null`,
    [kid],
  );
  return rows[0] ?? { total: 0, current: 0 };
}

/** By id, those under any other key. */
export async function listWrappedByOthers(
  db: Database,
  kid: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<WrappedCredential[]> {
  const { rows } = await db.raw<{ rows: WrappedRow[] }>(
    `select id, tenant, added_by, provider, version, kid, wrapped, sealed from credential
     where revoked_at is null and kid <> ? and id > ? order by id limit ?`,
    [kid, after, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    tenant: row.tenant,
    addedBy: row.added_by,
    provider: row.provider,
    version: row.version,
    envelope: { kid: row.kid, wrapped: row.wrapped, sealed: row.sealed },
  }));
}

/** Returns false when the credential was rotated or revoked since it was read: then there is nothing to move. */
export async function replaceWrapping(
  trx: Transaction,
  { id, version, envelope: before }: WrappedCredential,
  { kid, wrapped }: Envelope,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update credential set kid = ?, wrapped = ?
     where id = ? and version = ? and wrapped = ? and revoked_at is null returning id`,
    [kid, wrapped, id, version, before.wrapped],
  );
  return rows.length === 1;
}

import type { CredentialStatus } from "@topdog/contracts/byok";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Credential, SealedCredential, Tenant } from "../domain/credential.ts";
import type { KeyPosition } from "../domain/api-key.ts";
import type { PageQuery } from "../domain/page.ts";

interface CredentialRow {
  id: string;
  tenant: Tenant;
  added_by: string;
  provider: string;
  version: number;
  kid: string;
  wrapped: string;
  sealed: string;
  last_four: string;
  label: string;
  position: number;
  status: CredentialStatus;
  checked_at: Date | null;
  allowed_models: string[] | null;
  allowed_members: string[] | null;
  created_at: Date;
  blocked_since: Date | null;
  disabled_at: Date | null;
}

const columns = `id, tenant, added_by, provider, version, kid, wrapped, sealed, last_four, label, position, status, checked_at,
  allowed_models, allowed_members, created_at, blocked_since, disabled_at`;

const fromDbCredential = (row: CredentialRow): SealedCredential => ({
  id: row.id,
  tenant: row.tenant,
  addedBy: row.added_by,
  provider: row.provider,
  version: row.version,
  label: row.label,
  lastFour: row.last_four,
  position: row.position,
  status: row.status,
  checkedAt: row.checked_at,
  allowedModels: row.allowed_models,
  allowedMembers: row.allowed_members,
  createdAt: row.created_at,
  blockedSince: row.blocked_since,
  disabledAt: row.disabled_at,
  envelope: { kid: row.kid, wrapped: row.wrapped, sealed: row.sealed },
});

type NewCredential = SealedCredential & { readonly fingerprint: string };

/** Returns false when the tenant holds the same secret already. */
export async function insertCredential(trx: Transaction, one: NewCredential): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into credential (id, tenant, added_by, provider, version, kid, wrapped, sealed, fingerprint, last_four, label, position,
       status, checked_at, allowed_models, allowed_members, created_at, changed_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (tenant, fingerprint) where revoked_at is null do nothing returning id`,
    [
      one.id,
      one.tenant,
      one.addedBy,
      one.provider,
      one.version,
      ...secretValues(one),
      one.label,
      one.position,
      one.status,
      one.checkedAt,
      arrayOf(one.allowedModels),
      arrayOf(one.allowedMembers),
      one.createdAt,
      one.createdAt,
    ],
  );
  return rows.length === 1;
}

/** Of kid, wrapped, sealed, fingerprint, last_four. */
const secretValues = ({ envelope: { kid, wrapped, sealed }, fingerprint, lastFour }: NewCredential): string[] => [
  kid,
  wrapped,
  sealed,
  fingerprint,
  lastFour,
];
const arrayOf = (list: readonly string[] | null): string[] | null => (list === null ? null : [...list]);

/** One that is not revoked. */
export async function findCredential(db: Database, id: string): Promise<SealedCredential | null> {
  const { rows } = await db.raw<{ rows: CredentialRow[] }>(
    `select ${columns} from credential where id = ? and revoked_at is null`,
    [id],
  );
  return rows[0] === undefined ? null : fromDbCredential(rows[0]);
}

export async function hasFingerprint(db: Database, tenant: Tenant, fingerprint: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    "select 1 from credential where tenant = ? and fingerprint = ? and revoked_at is null",
    [tenant, fingerprint],
  );
  return rows.length > 0;
}

/** Newest first. */
export async function listCredentialsOf(
  db: Database,
  tenant: Tenant,
  { after, limit }: PageQuery<KeyPosition>,
): Promise<Credential[]> {
  const createdAt = after === null ? null : new Date(after.createdAtMs);
  const { rows } = await db.raw<{ rows: CredentialRow[] }>(
    `select ${columns} from credential
     where tenant = ? and revoked_at is null and (cast(? as timestamptz) is null or (created_at, id) < (?, ?))
     order by created_at desc, id desc limit ?`,
    [tenant, createdAt, createdAt, after?.id ?? null, limit],
  );
  return rows.map(fromDbCredential);
}

/** In the order in which they are tried. */
export async function listSealed(
  db: Database,
  tenant: Tenant,
  { skip, limit }: { readonly skip: number; readonly limit: number },
): Promise<SealedCredential[]> {
  const { rows } = await db.raw<{ rows: CredentialRow[] }>(
    `select ${columns} from credential where tenant = ? and revoked_at is null
     order by position, created_at, id offset ? limit ?`,
    [tenant, skip, limit],
  );
  return rows.map(fromDbCredential);
}

/** All that a tenant has, by id: no more than its capacity was. The caller of this function holds the tenant's lock. */
export async function listLiveCredentials(trx: Transaction, tenant: Tenant): Promise<Credential[]> {
  const { rows } = await trx.raw<{ rows: CredentialRow[] }>(
    `select ${columns} from credential where tenant = ? and revoked_at is null order by id`,
    [tenant],
  );
  return rows.map(fromDbCredential);
}

/** Takes a user out of the lists of members whose calls a credential may serve. A list that becomes empty allows nobody. */
export async function disallowMember(
  trx: Transaction,
  tenant: Tenant,
  userId: string,
  at: Date,
): Promise<Credential[]> {
  const { rows } = await trx.raw<{ rows: CredentialRow[] }>(
    `update credential set allowed_members = array_remove(allowed_members, ?), changed_at = ?
     where tenant = ? and ? = any(allowed_members) and revoked_at is null returning ${columns}`,
    [userId, at, tenant, userId],
  );
  return rows.map(fromDbCredential);
}

export async function nextPosition(trx: Transaction, tenant: Tenant): Promise<number> {
  const { rows } = await trx.raw<{ rows: { last: number | null }[] }>(
    "select max(position) as last from credential where tenant = ? and revoked_at is null",
    [tenant],
  );
  return Math.min((rows[0]?.last ?? 0) + 1, 1_000_000);
}

type Editable = Pick<Credential, "id" | "label" | "position" | "allowedModels" | "allowedMembers">;

export async function updateCredential(trx: Transaction, one: Editable, at: Date): Promise<void> {
  await trx.raw(
    `update credential set label = ?, position = ?, allowed_models = ?, allowed_members = ?, changed_at = ? where id = ?`,
    [one.label, one.position, arrayOf(one.allowedModels), arrayOf(one.allowedMembers), at, one.id],
  );
}

/** A new secret under the same id. The caller of this function holds the tenant's lock, and has checked the fingerprint. */
export async function replaceSecret(trx: Transaction, one: NewCredential, at: Date): Promise<void> {
  await trx.raw(
    `update credential set version = ?, kid = ?, wrapped = ?, sealed = ?, fingerprint = ?, last_four = ?, status = ?,
       checked_at = ?, changed_at = ? where id = ?`,
    [one.version, ...secretValues(one), one.status, one.checkedAt, at, one.id],
  );
}

/** Forgets the envelope: from the commit on the secret cannot be opened from this database. */
export async function shredCredential(trx: Transaction, id: string, reason: string, at: Date): Promise<void> {
  await trx.raw(
    `update credential set revoked_at = ?, changed_at = ?, reason = ?, kid = null, wrapped = null, sealed = null where id = ?`,
    [at, at, reason, id],
  );
}

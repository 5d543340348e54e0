import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Identity, ShownIdentity } from "../domain/identity.ts";

const columns = `id, user_id as "userId", issuer, email, created_at as "createdAt", last_used_at as "lastUsedAt"`;

export type NewIdentity = Pick<ShownIdentity, "issuer" | "subject" | "email"> & Pick<Identity, "id" | "userId">;

/** Null when it is somebody's already, or the user has another of this issuer. */
export async function insertIdentity(
  trx: Transaction,
  { id, userId, issuer, subject, email }: NewIdentity,
  at: Date,
): Promise<Identity | null> {
  const { rows } = await trx.raw<{ rows: Identity[] }>(
    `insert into oidc_identity (id, user_id, issuer, subject, email, created_at) values (?, ?, ?, ?, ?, ?)
     on conflict do nothing returning ${columns}`,
    [id, userId, issuer, subject, email, at],
  );
  return rows[0] ?? null;
}

export async function findIdentity(
  db: Database,
  { issuer, subject }: Pick<ShownIdentity, "issuer" | "subject">,
): Promise<Identity | null> {
  const { rows } = await db.raw<{ rows: Identity[] }>(
    `select ${columns} from oidc_identity where issuer = ? and subject = ?`,
    [issuer, subject],
  );
  return rows[0] ?? null;
}

/** By id: a user has one of each issuer. */
export async function listIdentities(db: Database, userId: string): Promise<Identity[]> {
  const { rows } = await db.raw<{ rows: Identity[] }>(
    `select ${columns} from oidc_identity where user_id = ? order by id`,
    [userId],
  );
  return rows;
}

/** Returns false when it is gone. */
export async function noteIdentityUse(trx: Transaction, id: string, at: Date): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    "update oidc_identity set last_used_at = ? where id = ? returning id",
    [at, id],
  );
  return rows.length === 1;
}

export async function deleteIdentity(trx: Transaction, userId: string, id: string): Promise<Identity | null> {
  const { rows } = await trx.raw<{ rows: Identity[] }>(
    `delete from oidc_identity where user_id = ? and id = ? returning ${columns}`,
    [userId, id],
  );
  return rows[0] ?? null;
}

/** From now on the user's address alone does not link this issuer. */
export async function insertUnlinked(trx: Transaction, userId: string, issuer: string): Promise<void> {
  await trx.raw("insert into oidc_unlinked (user_id, issuer) values (?, ?) on conflict do nothing", [userId, issuer]);
}

export async function wasUnlinked(trx: Transaction, userId: string, issuer: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>("select 1 from oidc_unlinked where user_id = ? and issuer = ?", [
    userId,
    issuer,
  ]);
  return rows.length === 1;
}

/** What signs a user in. */
export interface WaysIn {
  readonly passwords: number;
  readonly passkeys: number;
  readonly identities: number;
}

export async function countWaysIn(trx: Transaction, userId: string): Promise<WaysIn> {
  const { rows } = await trx.raw<{ rows: WaysIn[] }>(
    `select (select count(*)::int from password where user_id = u.id) as passwords,
       (select count(*)::int from passkey where user_id = u.id) as passkeys,
       (select count(*)::int from oidc_identity where user_id = u.id) as identities
     from app_user u where u.id = ?`,
    [userId],
  );
  return rows[0] ?? { passwords: 0, passkeys: 0, identities: 0 };
}

import type { Database, Transaction } from "@topdog/postgres/pool";

/** A user as they sign in. */
export interface Account {
  readonly userId: string;
  readonly email: string;
  readonly isAdmin: boolean;
  readonly passwordHash: string | null;
}

interface AccountRow {
  id: string;
  email: string;
  admin: boolean;
  hash: string | null;
}

export async function findAccount(db: Database, by: { userId: string } | { email: string }): Promise<Account | null> {
  const [condition, value] = "userId" in by ? ["id = ?", by.userId] : ["lower(email) = lower(?)", by.email];
  const { rows } = await db.raw<{ rows: AccountRow[] }>(
    `select id, email, admin, hash from app_user left join password on password.user_id = id where ${condition}`,
    [value],
  );
  const row = rows[0];
  return row === undefined ? null : { userId: row.id, email: row.email, isAdmin: row.admin, passwordHash: row.hash };
}

export async function savePassword(trx: Transaction, userId: string, hash: string, at: Date): Promise<void> {
  await trx.raw(
    `insert into password (user_id, hash, changed_at) values (?, ?, ?)
     on conflict (user_id) do update set hash = excluded.hash, changed_at = excluded.changed_at`,
    [userId, hash, at],
  );
}

export async function markEmailVerified(trx: Transaction, userId: string, at: Date): Promise<void> {
  await trx.raw("update app_user set email_verified_at = coalesce(email_verified_at, ?) where id = ?", [at, userId]);
}

export async function updateAdmin(trx: Transaction, userId: string, isAdmin: boolean): Promise<void> {
  await trx.raw("update app_user set admin = ? where id = ?", [isAdmin, userId]);
}

/** The address of a user who has shown that they read its mail; null without one. */
export async function findVerifiedAddress(db: Database, userId: string): Promise<string | null> {
  const { rows } = await db.raw<{ rows: { email: string }[] }>(
    "select email from app_user where id = ? and email_verified_at is not null",
    [userId],
  );
  return rows[0]?.email ?? null;
}

export interface AccountFacts {
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  readonly admin: boolean;
  readonly createdAt: Date;
  /** Null without a password. */
  readonly passwordChangedAt: Date | null;
  readonly hasAuthenticator: boolean;
}

export async function findAccountFacts(db: Database, userId: string): Promise<AccountFacts | null> {
  const { rows } = await db.raw<{ rows: AccountFacts[] }>(
    `select u.id as "userId", u.email, u.display_name as name, u.admin, u.created_at as "createdAt", p.changed_at as "passwordChangedAt",
       t.confirmed_at is not null as "hasAuthenticator"
     from app_user u left join password p on p.user_id = u.id left join totp t on t.user_id = u.id where u.id = ?`,
    [userId],
  );
  return rows[0] ?? null;
}

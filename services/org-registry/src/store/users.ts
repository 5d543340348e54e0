import type { Database, Transaction } from "@topdog/postgres/pool";

export interface User {
  readonly id: string;
  readonly email: string;
}

export async function findUser(db: Database, by: { userId: string } | { email: string }): Promise<User | null> {
  const { rows } = await ("userId" in by
    ? db.raw<{ rows: User[] }>("select id, email from app_user where id = ?", [by.userId])
    : db.raw<{ rows: User[] }>("select id, email from app_user where lower(email) = lower(?)", [by.email]));
  return rows[0] ?? null;
}

/** Returns false when the email is taken. */
export async function insertUser(trx: Transaction, user: User, at: Date): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    "insert into app_user (id, email, created_at) values (?, ?, ?) on conflict do nothing returning id",
    [user.id, user.email, at],
  );
  return rows.length === 1;
}

/** Serialises changes that are counted per user: two creations at once must not both see the last free place. */
export async function lockUser(trx: Transaction, userId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>("select 1 from app_user where id = ? for no key update", [
    userId,
  ]);
  return rows.length === 1;
}

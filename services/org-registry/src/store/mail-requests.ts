import type { Database, Transaction } from "@topdog/postgres/pool";

export type MailKind = "sign_up" | "password_reset" | "email_change" | "email_changed";

export interface MailRequest {
  readonly id: string;
  readonly email: string;
  readonly kind: MailKind;
  /** Whose new address it is; null for mails of other kinds. */
  readonly userId: string | null;
  readonly attempts: number;
}

export async function insertMailRequest(
  db: Database | Transaction,
  { email, kind, userId }: Pick<MailRequest, "email" | "kind" | "userId">,
  at: Date,
): Promise<void> {
  await db.raw("insert into mail_request (email, kind, user_id, next_attempt_at) values (?, ?, ?, ?)", [
    email,
    kind,
    userId,
    at,
  ]);
}

export async function hasDueMail(db: Database, at: Date): Promise<boolean> {
  const { rows } = await db.raw<{ rows: { due: boolean }[] }>(
    "select exists (select from mail_request where next_attempt_at <= ?) as due",
    [at],
  );
  return rows[0]?.due === true;
}

/** The next one that is due, locked: another sender takes another. */
export async function takeMailRequest(trx: Transaction, at: Date): Promise<MailRequest | null> {
  const { rows } = await trx.raw<{ rows: MailRequest[] }>(
    `select id::text, email, kind, user_id as "userId", attempts from mail_request where next_attempt_at <= ?
     order by next_attempt_at, id limit 1 for update skip locked`,
    [at],
  );
  return rows[0] ?? null;
}

export async function deleteMailRequest(db: Database, id: string): Promise<void> {
  await db.raw("delete from mail_request where id = ?", [id]);
}

export async function postponeMailRequest(trx: Transaction, id: string, until: Date): Promise<void> {
  await trx.raw("update mail_request set attempts = attempts + 1, next_attempt_at = ? where id = ?", [until, id]);
}

export async function insertEmailToken(trx: Transaction, hash: string, email: string, expiresAt: Date): Promise<void> {
  await trx.raw("insert into email_token (hash, email, expires_at) values (?, ?, ?)", [hash, email, expiresAt]);
}

export async function isEmailTokenLive(db: Database, hash: string, at: Date): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>("select 1 from email_token where hash = ? and expires_at > ?", [
    hash,
    at,
  ]);
  return rows.length === 1;
}

/** The address that a live link was mailed to; the link and all others of this address stop working. */
export async function useEmailToken(trx: Transaction, hash: string, at: Date): Promise<string | null> {
  // Links of one address are used one after the other: each deletes all the others.
  await trx.raw(
    "select pg_advisory_xact_lock(hashtextextended('links of ' || lower(email), 0)) from email_token where hash = ?",
    [hash],
  );
  const { rows } = await trx.raw<{ rows: { email: string }[] }>(
    "delete from email_token where hash = ? and expires_at > ? returning email",
    [hash, at],
  );
  const email = rows[0]?.email;
  if (email === undefined) return null;
  await trx.raw("delete from email_token where lower(email) = lower(?)", [email]);
  return email;
}

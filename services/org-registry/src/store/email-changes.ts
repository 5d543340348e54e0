import type { Transaction } from "@topdog/postgres/pool";

/** The link that was mailed to a user's new address; a link of before stops working. */
export async function saveEmailChange(
  trx: Transaction,
  { userId, hash, email, expiresAt }: { userId: string; hash: string; email: string; expiresAt: Date },
): Promise<void> {
  await trx.raw(
    `insert into email_change (user_id, hash, email, expires_at) values (?, ?, ?, ?)
     on conflict (user_id) do update set hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at`,
    [userId, hash, email, expiresAt],
  );
}

/** The address that the user's live link was mailed to, once; null for any other link. */
export async function useEmailChange(trx: Transaction, userId: string, hash: string, at: Date): Promise<string | null> {
  const { rows } = await trx.raw<{ rows: { email: string }[] }>(
    "delete from email_change where user_id = ? and hash = ? and expires_at > ? returning email",
    [userId, hash, at],
  );
  return rows[0]?.email ?? null;
}

const uniqueViolation = "23505";

/**
 * Gives the user an address that they have shown to be theirs; whatever was mailed to it, or to the one of before, opens nothing any more.
 * Returns false when another account has it: the transaction has failed then.
 */
export async function updateEmail(
  trx: Transaction,
  user: { readonly userId: string; readonly before: string; readonly email: string },
  at: Date,
): Promise<boolean> {
  const { userId, before, email } = user;
  await trx.raw("delete from email_token where lower(email) in (lower(?), lower(?))", [before, email]);
  try {
    await trx.raw("update app_user set email = ?, email_verified_at = ? where id = ?", [email, at, userId]);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === uniqueViolation) return false;
    throw error;
  }
}

/** Returns the name of before. */
export async function updateDisplayName(trx: Transaction, userId: string, name: string | null): Promise<string | null> {
  const { rows } = await trx.raw<{ rows: { display_name: string | null }[] }>(
    "select display_name from app_user where id = ? for no key update",
    [userId],
  );
  await trx.raw("update app_user set display_name = ? where id = ?", [name, userId]);
  return rows[0]?.display_name ?? null;
}

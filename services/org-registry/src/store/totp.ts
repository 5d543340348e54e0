import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Envelope } from "@topdog/vault/envelope";
import type { StoredTotpSecret } from "./totp-secrets.ts";

export interface Totp {
  readonly secret: StoredTotpSecret;
  readonly confirmedAt: Date | null;
}

export async function findTotp(db: Database, userId: string): Promise<Totp | null> {
  const { rows } = await db.raw<{ rows: (StoredTotpSecret & { confirmed_at: Date | null })[] }>(
    "select kid, wrapped, sealed_secret as sealed, confirmed_at from totp where user_id = ?",
    [userId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { kid, wrapped, sealed } = row;
  return { secret: { kid, wrapped, sealed }, confirmedAt: row.confirmed_at };
}

/** Replaces one that was not confirmed. Returns false when there is one that was. */
export async function saveUnconfirmedTotp(trx: Transaction, userId: string, secret: Envelope): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into totp (user_id, kid, wrapped, sealed_secret) values (?, ?, ?, ?)
     on conflict (user_id) do update
       set kid = excluded.kid, wrapped = excluded.wrapped, sealed_secret = excluded.sealed_secret, last_step = 0
       where totp.confirmed_at is null
     returning user_id`,
    [userId, secret.kid, secret.wrapped, secret.sealed],
  );
  return rows.length === 1;
}

/** Returns false when it is confirmed already, or gone. */
export async function confirmTotp(trx: Transaction, userId: string, hashes: string[], at: Date): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    "update totp set confirmed_at = ? where user_id = ? and confirmed_at is null returning user_id",
    [at, userId],
  );
  if (rows.length === 0) return false;
  await trx.raw("insert into recovery_code (user_id, hash) select ?, unnest(cast(? as text[]))", [userId, hashes]);
  return true;
}

export async function deleteTotp(trx: Transaction, userId: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>("delete from totp where user_id = ? returning user_id", [userId]);
  return rows.length === 1;
}

/** Returns false for a step that was used, or is older than one that was. */
export async function takeStep(db: Database, userId: string, step: number): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    "update totp set last_step = ? where user_id = ? and last_step < ? returning user_id",
    [step, userId, step],
  );
  return rows.length === 1;
}

export async function useRecoveryCode(db: Database, userId: string, hash: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    "delete from recovery_code where user_id = ? and hash = ? returning user_id",
    [userId, hash],
  );
  return rows.length === 1;
}

/** All, and how many of them are under this key-encryption key. */
export async function countTotpByKey(db: Database, kid: string): Promise<{ total: number; current: number }> {
  const { rows } = await db.raw<{ rows: { total: number; current: number }[] }>(
    "select count(*)::int as total, (count(*) filter (where kid = ?))::int as current from totp",
    [kid],
  );
  return rows[0] ?? { total: 0, current: 0 };
}

export interface StoredTotp {
  readonly userId: string;
  readonly secret: StoredTotpSecret;
}

/** By user, those under any other key, or none. */
export async function listTotpByOthers(
  db: Database,
  kid: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<StoredTotp[]> {
  const { rows } = await db.raw<{ rows: (StoredTotpSecret & { user_id: string })[] }>(
    `select user_id, kid, wrapped, sealed_secret as sealed from totp
     where kid is distinct from ? and user_id > ? order by user_id limit ?`,
    [kid, after, limit],
  );
  return rows.map(({ user_id: userId, ...secret }) => ({ userId, secret }));
}

/** Returns false when the app was given up or set up again since it was read. */
export async function replaceTotpSecret(
  trx: Transaction,
  { userId, secret }: StoredTotp,
  { kid, wrapped, sealed }: Envelope,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update totp set kid = ?, wrapped = ?, sealed_secret = ?
     where user_id = ? and sealed_secret = ? and wrapped is not distinct from ? returning user_id`,
    [kid, wrapped, sealed, userId, secret.sealed, secret.wrapped],
  );
  return rows.length === 1;
}

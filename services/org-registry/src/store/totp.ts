import type { Database, Transaction } from "@topdog/postgres/pool";

export interface Totp {
  readonly sealedSecret: string;
  readonly confirmedAt: Date | null;
}

export async function findTotp(db: Database, userId: string): Promise<Totp | null> {
  const { rows } = await db.raw<{ rows: { sealed_secret: string; confirmed_at: Date | null }[] }>(
    "select sealed_secret, confirmed_at from totp where user_id = ?",
    [userId],
  );
  const row = rows[0];
  return row === undefined ? null : { sealedSecret: row.sealed_secret, confirmedAt: row.confirmed_at };
}

/** Replaces one that was not confirmed. Returns false when there is one that was. */
export async function saveUnconfirmedTotp(trx: Transaction, userId: string, sealedSecret: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into totp (user_id, sealed_secret) values (?, ?)
     on conflict (user_id) do update set sealed_secret = excluded.sealed_secret, last_step = 0
       where totp.confirmed_at is null
     returning user_id`,
    [userId, sealedSecret],
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

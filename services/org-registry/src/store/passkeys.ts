import type { Database, Transaction } from "@topdog/postgres/pool";
import type { StoredPasskey } from "../domain/passkey.ts";

interface PasskeyRow {
  id: string;
  user_id: string;
  credential_id: string;
  public_key: Buffer;
  counter: string;
  name: string;
  created_at: Date;
  last_used_at: Date | null;
}

const columns = "id, user_id, credential_id, public_key, counter, name, created_at, last_used_at";

const fromDbPasskey = (row: PasskeyRow): StoredPasskey => ({
  id: row.id,
  userId: row.user_id,
  credentialId: row.credential_id,
  publicKey: Uint8Array.from(row.public_key),
  counter: Number(row.counter),
  name: row.name,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
});

/** Returns false when somebody has this one already. */
export async function insertPasskey(trx: Transaction, one: StoredPasskey): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into passkey (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing returning id`,
    [
      one.id,
      one.userId,
      one.credentialId,
      Buffer.from(one.publicKey),
      one.counter,
      one.name,
      one.createdAt,
      one.lastUsedAt,
    ],
  );
  return rows.length === 1;
}

/** By id: no more than a user may have. */
export async function listPasskeys(db: Database, userId: string): Promise<StoredPasskey[]> {
  const { rows } = await db.raw<{ rows: PasskeyRow[] }>(
    `select ${columns} from passkey where user_id = ? order by id`,
    [userId],
  );
  return rows.map(fromDbPasskey);
}

export async function findPasskey(db: Database, credentialId: string): Promise<StoredPasskey | null> {
  const { rows } = await db.raw<{ rows: PasskeyRow[] }>(`select ${columns} from passkey where credential_id = ?`, [
    credentialId,
  ]);
  return rows[0] === undefined ? null : fromDbPasskey(rows[0]);
}

/** Returns false when it is gone, or its counter has moved since it was read: of two answers with one counter one is right. */
export async function noteUse(
  trx: Transaction,
  { id, counter }: StoredPasskey,
  newCounter: number,
  at: Date,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    "update passkey set counter = ?, last_used_at = ? where id = ? and counter = ? returning id",
    [newCounter, at, id, counter],
  );
  return rows.length === 1;
}

export async function deletePasskey(trx: Transaction, userId: string, id: string): Promise<string | null> {
  const { rows } = await trx.raw<{ rows: { name: string }[] }>(
    "delete from passkey where user_id = ? and id = ? returning name",
    [userId, id],
  );
  return rows[0]?.name ?? null;
}

/** `userId` null: for whoever signs in. */
export async function insertChallenge(
  trx: Transaction,
  hash: string,
  userId: string | null,
  expiresAt: Date,
): Promise<void> {
  await trx.raw("insert into passkey_challenge (hash, user_id, expires_at) values (?, ?, ?)", [
    hash,
    userId,
    expiresAt,
  ]);
}

/** Returns false for one that was not given, was given to another, is over, or was answered before. */
export async function useChallenge(trx: Transaction, hash: string, userId: string | null, at: Date): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `delete from passkey_challenge where hash = ? and user_id is not distinct from ? and expires_at > ? returning hash`,
    [hash, userId, at],
  );
  return rows.length === 1;
}

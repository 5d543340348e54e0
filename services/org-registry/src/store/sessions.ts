import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Session } from "../domain/session.ts";

interface SessionRow {
  id: string;
  user_id: string;
  token_hash: string;
  created_at: Date;
  authenticated_at: Date;
  second_factor_at: Date | null;
  last_seen_at: Date;
  expires_at: Date;
  address: string;
  user_agent: string;
}

const columns =
  "id, user_id, token_hash, created_at, authenticated_at, second_factor_at, last_seen_at, expires_at, address, user_agent";

const fromDbSession = (row: SessionRow): Session => ({
  id: row.id,
  userId: row.user_id,
  tokenHash: row.token_hash,
  createdAt: row.created_at,
  authenticatedAt: row.authenticated_at,
  secondFactorAt: row.second_factor_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
  address: row.address,
  userAgent: row.user_agent,
});

export async function insertSession(trx: Transaction, session: Session): Promise<void> {
  const { id, userId, tokenHash, createdAt, authenticatedAt, secondFactorAt } = session;
  const { lastSeenAt, expiresAt, address, userAgent } = session;
  await trx.raw(
    `insert into session (${columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, // the order of `columns`
    [id, userId, tokenHash, createdAt, authenticatedAt, secondFactorAt, lastSeenAt, expiresAt, address, userAgent],
  );
}

/** A live session with whether its user is an admin: by a function of the database, which may look at all users. */
export async function findSessionByToken(
  db: Database,
  tokenHash: string,
  at: Date,
): Promise<{ session: Session; isAdmin: boolean } | null> {
  const { rows } = await db.raw<{ rows: (SessionRow & { admin: boolean })[] }>(
    `select ${columns}, admin from session_of_token(?, ?)`,
    [tokenHash, at],
  );
  return rows[0] === undefined ? null : { session: fromDbSession(rows[0]), isAdmin: rows[0].admin };
}

export async function listSessions(db: Database, userId: string, at: Date): Promise<Session[]> {
  const { rows } = await db.raw<{ rows: SessionRow[] }>(
    `select ${columns} from session where user_id = ? and expires_at > ? order by created_at desc, id`,
    [userId, at],
  );
  return rows.map(fromDbSession);
}

export async function touchSession(db: Database, { id, expiresAt }: Session, at: Date): Promise<void> {
  await db.raw("update session set last_seen_at = ?, expires_at = ? where id = ?", [at, expiresAt, id]);
}

export async function lockSession(trx: Transaction, userId: string, id: string, at: Date): Promise<Session | null> {
  const { rows } = await trx.raw<{ rows: SessionRow[] }>(
    `select ${columns} from session where user_id = ? and id = ? and expires_at > ? for update`,
    [userId, id, at],
  );
  return rows[0] === undefined ? null : fromDbSession(rows[0]);
}

/** What a new proof of who one is changes. */
export async function updateProof(trx: Transaction, session: Session): Promise<void> {
  await trx.raw("update session set token_hash = ?, authenticated_at = ?, second_factor_at = ? where id = ?", [
    session.tokenHash,
    session.authenticatedAt,
    session.secondFactorAt,
    session.id,
  ]);
}

export async function deleteSession(trx: Transaction, id: string): Promise<void> {
  await trx.raw("delete from session where id = ?", [id]);
}

const deletedAtOnce = 1_000;

/** Removes some of what is over: sessions, mailed links, counted attempts, challenges, sign-ins at a provider. */
export async function deleteExpired(db: Database, at: Date): Promise<void> {
  for (const [table, key, end] of [
    ["session", "id", "expires_at"],
    ["email_token", "hash", "expires_at"],
    ["email_change", "user_id", "expires_at"],
    ["attempt", "key", "window_ends_at"],
    ["passkey_challenge", "hash", "expires_at"],
    ["oidc_flow", "hash", "expires_at"],
  ] as const) {
    await db.raw(`delete from ${table} where ${key} in (select ${key} from ${table} where ${end} <= ? limit ?)`, [
      at,
      deletedAtOnce,
    ]);
  }
}

import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Invitation } from "../domain/invitation.ts";
import type { PageQuery } from "../domain/page.ts";
import type { GivenRole } from "../domain/permissions.ts";

interface InvitationRow {
  id: string;
  org_id: string;
  email: string;
  role: GivenRole;
  invited_by: string;
  created_at: Date;
  expires_at: Date;
}

const columns = "id, org_id, email, role, invited_by, created_at, expires_at";

const fromDbInvitation = (row: InvitationRow): Invitation => ({
  id: row.id,
  orgId: row.org_id,
  email: row.email,
  role: row.role,
  invitedBy: row.invited_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

/** False when the address has an invitation of this org already. Its mail is due at once. */
export async function insertInvitation(trx: Transaction, one: Invitation): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into invitation (${columns}, mail_due_at) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing returning id`,
    [one.id, one.orgId, one.email, one.role, one.invitedBy, one.createdAt, one.expiresAt, one.createdAt],
  );
  return rows.length === 1;
}

export async function countInvitations(trx: Transaction, orgId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { open: number }[] }>(
    "select count(*)::int as open from invitation where org_id = ?",
    [orgId],
  );
  return rows[0]?.open ?? 0;
}

/** By id; none that has lapsed. */
export async function listInvitations(
  db: Database,
  orgId: string,
  at: Date,
  { after, limit }: PageQuery<string>,
): Promise<Invitation[]> {
  const { rows } = await db.raw<{ rows: InvitationRow[] }>(
    `select ${columns} from invitation where org_id = ? and expires_at > ? and id > ? order by id limit ?`,
    [orgId, at, after ?? "", limit],
  );
  return rows.map(fromDbInvitation);
}

export async function findInvitationByToken(db: Database, tokenHash: string, at: Date): Promise<Invitation | null> {
  const { rows } = await db.raw<{ rows: InvitationRow[] }>(
    `select ${columns} from invitation where token_hash = ? and expires_at > ?`,
    [tokenHash, at],
  );
  return rows[0] === undefined ? null : fromDbInvitation(rows[0]);
}

/** Null when it is not there, or another transaction has ended it. */
export async function deleteInvitation(trx: Transaction, orgId: string, id: string): Promise<Invitation | null> {
  const { rows } = await trx.raw<{ rows: InvitationRow[] }>(
    `delete from invitation where org_id = ? and id = ? returning ${columns}`,
    [orgId, id],
  );
  return rows[0] === undefined ? null : fromDbInvitation(rows[0]);
}

export async function deleteInvitationsOf(trx: Transaction, orgId: string): Promise<void> {
  await trx.raw("delete from invitation where org_id = ?", [orgId]);
}

/** Removes lapsed ones: of one org, or some of all. */
export async function takeLapsed(
  trx: Transaction,
  orgId: string | null,
  at: Date,
  limit: number,
): Promise<Invitation[]> {
  const { rows } = await trx.raw<{ rows: InvitationRow[] }>(
    `delete from invitation where id in (
       select id from invitation where expires_at <= ? and (cast(? as text) is null or org_id = ?)
       order by org_id, id limit ? for update skip locked
     ) returning ${columns}`,
    [at, orgId, orgId, limit],
  );
  return rows.map(fromDbInvitation).toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1));
}

export interface DueMail extends Invitation {
  readonly orgName: string;
  readonly attempts: number;
}

/** The next one whose mail is due, locked: another sender takes another. */
export async function takeDueInvitation(trx: Transaction, at: Date): Promise<DueMail | null> {
  const { rows } = await trx.raw<{ rows: (InvitationRow & { name: string; mail_attempts: number })[] }>(
    `select i.*, o.name from invitation i join org o on o.id = i.org_id
     where mail_due_at <= ? order by mail_due_at, i.id limit 1 for update of i skip locked`,
    [at],
  );
  const row = rows[0];
  return row === undefined ? null : { ...fromDbInvitation(row), orgName: row.name, attempts: row.mail_attempts };
}

/** The link that is being mailed takes the place of an earlier one. Null: sending is not tried again. */
export async function saveLink(
  trx: Transaction,
  id: string,
  tokenHash: string,
  nextMailAt: Date | null,
): Promise<void> {
  await trx.raw(
    "update invitation set token_hash = ?, mail_due_at = ?, mail_attempts = mail_attempts + 1 where id = ?",
    [tokenHash, nextMailAt, id],
  );
}

export async function markMailed(db: Database, id: string): Promise<void> {
  await db.raw("update invitation set mail_due_at = null where id = ?", [id]);
}

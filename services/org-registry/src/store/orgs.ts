import type { MemberRole } from "@topdog/contracts/events/org-events";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Member, Org } from "../domain/org.ts";
import type { PageQuery } from "../domain/page.ts";

interface OrgRow {
  id: string;
  name: string;
  owner_user_id: string;
  version: number;
  created_at: Date;
  deletion_due_at: Date | null;
  offered_to_user_id: string | null;
  offer_expires_at: Date | null;
}

interface MemberRow {
  org_id: string;
  user_id: string;
  role: MemberRole;
  active: boolean;
  activated_at: Date | null;
  version: number;
  created_at: Date;
  daily_ceiling: number | null;
}

const orgColumns =
  "id, name, owner_user_id, version, created_at, deletion_due_at, offered_to_user_id, offer_expires_at";
const memberColumns = "org_id, user_id, role, active, activated_at, version, created_at, daily_ceiling";

const fromDbOrg = (row: OrgRow): Org => ({
  id: row.id,
  name: row.name,
  ownerUserId: row.owner_user_id,
  version: row.version,
  createdAt: row.created_at,
  deletionDueAt: row.deletion_due_at,
  offer:
    row.offered_to_user_id === null || row.offer_expires_at === null
      ? null
      : { userId: row.offered_to_user_id, expiresAt: row.offer_expires_at },
});

const fromDbMember = (row: MemberRow): Member => ({
  orgId: row.org_id,
  userId: row.user_id,
  role: row.role,
  active: row.active,
  activatedAt: row.activated_at,
  version: row.version,
  createdAt: row.created_at,
  dailyCeiling: row.daily_ceiling,
});

export async function insertOrg(trx: Transaction, org: Org): Promise<void> {
  await trx.raw("insert into org (id, name, owner_user_id, version, created_at) values (?, ?, ?, ?, ?)", [
    org.id,
    org.name,
    org.ownerUserId,
    org.version,
    org.createdAt,
  ]);
}

export async function findOrg(db: Database, orgId: string): Promise<Org | null> {
  const { rows } = await db.raw<{ rows: OrgRow[] }>(
    `select ${orgColumns} from org where id = ? and deleted_at is null`,
    [orgId],
  );
  return rows[0] === undefined ? null : fromDbOrg(rows[0]);
}

/** The owner lock: everything that takes or frees a seat holds it, so seats are counted by one transaction at a time. */
export async function lockOrg(trx: Transaction, orgId: string): Promise<Org | null> {
  const { rows } = await trx.raw<{ rows: OrgRow[] }>(
    `select ${orgColumns} from org where id = ? and deleted_at is null for no key update`,
    [orgId],
  );
  return rows[0] === undefined ? null : fromDbOrg(rows[0]);
}

/** Returns the org's next version. The caller holds the owner lock. */
export async function bumpOrgVersion(trx: Transaction, orgId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { version: number }[] }>(
    "update org set version = version + 1 where id = ? returning version",
    [orgId],
  );
  if (rows[0] === undefined) throw new Error("an org that was locked is gone");
  return rows[0].version;
}

export async function findMember(db: Database, orgId: string, userId: string): Promise<Member | null> {
  const { rows } = await db.raw<{ rows: MemberRow[] }>(
    `select ${memberColumns} from member where org_id = ? and user_id = ? and removed_at is null`,
    [orgId, userId],
  );
  return rows[0] === undefined ? null : fromDbMember(rows[0]);
}

/** By user id; only `only` when given. */
export async function listMembers(
  db: Database,
  orgId: string,
  only: string | null,
  page: PageQuery<string>,
): Promise<(Member & { email: string })[]> {
  const { rows } = await db.raw<{ rows: (MemberRow & { email: string })[] }>(
    `select m.*, u.email from member m join app_user u on u.id = m.user_id
     where m.org_id = ? and m.removed_at is null and (cast(? as text) is null or m.user_id = ?) and m.user_id > ?
     order by m.user_id limit ?`,
    [orgId, only, only, page.after ?? "", page.limit],
  );
  return rows.map((row) => Object.assign(fromDbMember(row), { email: row.email }));
}

/** The orgs that a user is a member of, by org id; only `only` when given. */
export async function listOrgsOf(
  db: Database,
  userId: string,
  only: string | null,
  page: PageQuery<string>,
): Promise<Org[]> {
  const { rows } = await db.raw<{ rows: OrgRow[] }>(
    `select o.* from org o join member m on m.org_id = o.id
     where m.user_id = ? and m.removed_at is null and (cast(? as text) is null or o.id = ?) and o.id > ? order by o.id limit ?`,
    [userId, only, only, page.after ?? "", page.limit],
  );
  return rows.map(fromDbOrg);
}

export async function isMemberAddress(db: Database, orgId: string, email: string): Promise<boolean> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select 1 from member m join app_user u on u.id = m.user_id
     where m.org_id = ? and m.removed_at is null and lower(u.email) = lower(?)`,
    [orgId, email],
  );
  return rows.length > 0;
}

export async function countActiveMembers(db: Database, orgId: string): Promise<number> {
  const { rows } = await db.raw<{ rows: { active: number }[] }>(
    "select count(*)::int as active from member where org_id = ? and active",
    [orgId],
  );
  return rows[0]?.active ?? 0;
}

export async function listActiveMembers(trx: Transaction, orgId: string): Promise<Member[]> {
  const { rows } = await trx.raw<{ rows: MemberRow[] }>(
    `select ${memberColumns} from member where org_id = ? and active`,
    [orgId],
  );
  return rows.map(fromDbMember);
}

/** Returns null when the user is a member already. Who was one before goes on with that row. */
export async function insertMember(
  trx: Transaction,
  member: { orgId: string; userId: string; role: MemberRole; active: boolean },
  at: Date,
): Promise<Member | null> {
  const { rows } = await trx.raw<{ rows: MemberRow[] }>(
    `insert into member (org_id, user_id, role, active, activated_at, version, created_at) values (?, ?, ?, ?, ?, 1, ?)
     on conflict (org_id, user_id) do update
       set role = excluded.role, active = excluded.active, activated_at = excluded.activated_at,
         version = member.version + 1, created_at = excluded.created_at, removed_at = null
       where member.removed_at is not null
     returning ${memberColumns}`,
    [member.orgId, member.userId, member.role, member.active, member.active ? at : null, at],
  );
  return rows[0] === undefined ? null : fromDbMember(rows[0]);
}

/** Writes a member's role, ceiling and seat; a seat that is kept keeps its age. The caller holds the owner lock. */
export async function updateMember(
  trx: Transaction,
  member: Pick<Member, "orgId" | "userId" | "role" | "active" | "dailyCeiling">,
  at: Date,
): Promise<Member> {
  const { rows } = await trx.raw<{ rows: MemberRow[] }>(
    `update member set role = ?, active = ?, daily_ceiling = ?, version = version + 1,
       activated_at = case when not ? then null else coalesce(activated_at, ?) end
     where org_id = ? and user_id = ? returning ${memberColumns}`,
    [member.role, member.active, member.dailyCeiling, member.active, at, member.orgId, member.userId],
  );
  if (rows[0] === undefined) throw new Error("a member whose org was locked is gone");
  return fromDbMember(rows[0]);
}

/** The next orgs after an id, those that are gone included. */
export async function pageOfOrgs(
  db: Database,
  after: string,
  limit: number,
): Promise<(Org & { readonly deleted: boolean })[]> {
  const { rows } = await db.raw<{ rows: (OrgRow & { deleted: boolean })[] }>(
    `select ${orgColumns}, deleted_at is not null as deleted from org where id > ? order by id limit ?`,
    [after, limit],
  );
  return rows.map((row) => ({ ...fromDbOrg(row), deleted: row.deleted }));
}

/** The next members after one, those that are gone included; by org, then by user. */
export async function pageOfMembers(
  db: Database,
  [orgId, userId]: readonly [orgId: string, userId: string],
  limit: number,
): Promise<(Member & { readonly removed: boolean })[]> {
  const { rows } = await db.raw<{ rows: (MemberRow & { removed: boolean })[] }>(
    `select ${memberColumns}, removed_at is not null as removed from member
     where (org_id, user_id) > (?, ?) order by org_id, user_id limit ?`,
    [orgId, userId, limit],
  );
  return rows.map((row) => ({ ...fromDbMember(row), removed: row.removed }));
}

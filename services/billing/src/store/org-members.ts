import type { Database, Transaction } from "@topdog/postgres/pool";
import { ImpossibleEventError } from "@topdog/messaging/impossible-event";
import { judgeSnapshot } from "@topdog/messaging/snapshot-version";
import type { OrgMember } from "../domain/org-member.ts";

interface MemberRow {
  version: number;
  role: string;
  active: boolean;
  changed_at: Date;
}

/**
 * The role of a member who has a seat, or needs none because they only pay; null for anybody else. Whoever is removed has the role
 * `member` and no seat.
 */
export async function findRole(db: Database, orgId: string, userId: string): Promise<string | null> {
  const { rows } = await db.raw<{ rows: Pick<MemberRow, "role">[] }>(
    "select role from org_member where org_id = ? and user_id = ? and (active or role = 'billing')",
    [orgId, userId],
  );
  return rows[0]?.role ?? null;
}

/** Stores a newer snapshot; returns false for one that is not newer. The key's lock orders two that arrive at once. */
export async function putNewerMember(trx: Transaction, member: OrgMember, nowMs: number): Promise<boolean> {
  const { orgId, userId, version, role, active, changedAt } = member;
  await trx.raw("select pg_advisory_xact_lock(hashtextextended(?, 0))", [`org member ${orgId} ${userId}`]);
  const { rows } = await trx.raw<{ rows: MemberRow[] }>(
    "select version, role, active, changed_at from org_member where org_id = ? and user_id = ?",
    [orgId, userId],
  );
  const known = rows[0] === undefined ? null : { version: rows[0].version, changedAt: rows[0].changed_at };
  const verdict = judgeSnapshot(known, member, nowMs);
  if (verdict === "impossible")
    throw new ImpossibleEventError(`version ${version} of a member cannot follow version ${known?.version ?? 0}`);
  if (verdict === "not_newer") return false;
  await trx.raw(
    `insert into org_member (org_id, user_id, version, role, active, changed_at) values (?, ?, ?, ?, ?, ?)
     on conflict (org_id, user_id) do update set version = excluded.version, role = excluded.role, active = excluded.active,
       changed_at = excluded.changed_at`,
    [orgId, userId, version, role, active, changedAt],
  );
  return true;
}

/** Of those that are here; keys are `<org>/<user>`. */
export async function memberVersions(
  db: Database,
  keys: readonly string[],
): Promise<{ readonly key: string; readonly version: number }[]> {
  const pairs = keys.map((key) => key.split("/"));
  const { rows } = await db.raw<{ rows: { key: string; version: number | string }[] }>(
    `select m.org_id || '/' || m.user_id as key, m.version from unnest(?::text[], ?::text[]) as asked (org_id, user_id)
     join org_member m on m.org_id = asked.org_id and m.user_id = asked.user_id`,
    [pairs.map(([orgId = ""]) => orgId), pairs.map(([, userId = ""]) => userId)],
  );
  return rows.map(({ key, version }) => ({ key, version: Number(version) }));
}

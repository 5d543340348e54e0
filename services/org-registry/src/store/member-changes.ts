import type { Transaction } from "@topdog/postgres/pool";

/** Ends a membership; the row stays. The caller of this function holds the owner lock. */
export async function markRemoved(trx: Transaction, orgId: string, userId: string, at: Date): Promise<number> {
  return bumped(
    trx,
    `update member set removed_at = ?, role = 'member', active = false, activated_at = null, daily_ceiling = null, version = version + 1
     where org_id = ? and user_id = ? and removed_at is null returning version`,
    [at, orgId, userId],
  );
}

/** For a change of the org that decides whether this member's keys work. The caller of this function holds the owner lock. */
export async function bumpMemberVersion(trx: Transaction, orgId: string, userId: string): Promise<number> {
  return bumped(trx, "update member set version = version + 1 where org_id = ? and user_id = ? returning version", [
    orgId,
    userId,
  ]);
}

/** Keeps a member from being changed or removed until the transaction ends. */
export async function holdMember(trx: Transaction, orgId: string, userId: string): Promise<void> {
  await trx.raw("select 1 from member where org_id = ? and user_id = ? for share", [orgId, userId]);
}

async function bumped(trx: Transaction, sql: string, values: readonly (string | Date)[]): Promise<number> {
  const { rows } = await trx.raw<{ rows: { version: number }[] }>(sql, [...values]);
  if (rows[0] === undefined) throw new Error("a member whose org was locked is gone");
  return rows[0].version;
}

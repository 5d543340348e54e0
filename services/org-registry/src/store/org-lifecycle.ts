import type { Database, Transaction } from "@topdog/postgres/pool";

/** Each of these is for a caller that holds the org's owner lock. */
export async function renameOrg(trx: Transaction, orgId: string, name: string): Promise<void> {
  await trx.raw("update org set name = ? where id = ?", [name, orgId]);
}

/** Null withdraws the offer. */
export async function saveOffer(
  trx: Transaction,
  orgId: string,
  offer: { readonly userId: string; readonly expiresAt: Date } | null,
): Promise<void> {
  await trx.raw("update org set offered_to_user_id = ?, offer_expires_at = ? where id = ?", [
    offer?.userId ?? null,
    offer?.expiresAt ?? null,
    orgId,
  ]);
}

export async function saveOwner(trx: Transaction, orgId: string, userId: string): Promise<void> {
  await trx.raw("update org set owner_user_id = ? where id = ?", [userId, orgId]);
}

/** Null undoes a deletion that has not been completed. */
export async function saveDeletionDue(trx: Transaction, orgId: string, dueAt: Date | null): Promise<void> {
  await trx.raw("update org set deletion_due_at = ? where id = ?", [dueAt, orgId]);
}

export async function markDeleted(trx: Transaction, orgId: string, at: Date): Promise<void> {
  await trx.raw("update org set deleted_at = ? where id = ?", [at, orgId]);
}

export async function countOwnedOrgs(trx: Transaction, userId: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { owned: number }[] }>(
    "select count(*)::int as owned from org where owner_user_id = ? and deleted_at is null",
    [userId],
  );
  return rows[0]?.owned ?? 0;
}

export async function listOrgsToDelete(db: Database, at: Date, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: string }[] }>(
    "select id from org where deletion_due_at <= ? and deleted_at is null order by deletion_due_at limit ?",
    [at, limit],
  );
  return rows.map((row) => row.id);
}

/** Who works with keys of the org: whose cached principals a change of the whole org concerns. */
export async function listKeyHolders(trx: Transaction, orgId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    "select distinct user_id from api_key where org_id = ? and user_id is not null and revoked_at is null",
    [orgId],
  );
  return rows.map((row) => row.user_id);
}

export async function listMemberIds(trx: Transaction, orgId: string): Promise<string[]> {
  const { rows } = await trx.raw<{ rows: { user_id: string }[] }>(
    "select user_id from member where org_id = ? and removed_at is null order by user_id",
    [orgId],
  );
  return rows.map((row) => row.user_id);
}

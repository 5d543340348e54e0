import type { Database, Transaction } from "@topdog/postgres/pool";

/** `linkingUserId` null: somebody signs in. */
export async function insertFlow(
  trx: Transaction,
  { hash, linkingUserId, expiresAt }: { hash: string; linkingUserId: string | null; expiresAt: Date },
): Promise<void> {
  await trx.raw("insert into oidc_flow (hash, linking_user_id, expires_at) values (?, ?, ?)", [
    hash,
    linkingUserId,
    expiresAt,
  ]);
}

/** Takes one that waits for the provider: once. Null for one that was not begun, by another, is over, or was taken. */
export async function takeFlow(
  trx: Transaction,
  { hash, linkingUserId }: { hash: string; linkingUserId: string | null },
  at: Date,
): Promise<{ expiresAt: Date } | null> {
  const { rows } = await trx.raw<{ rows: { expiresAt: Date }[] }>(
    `delete from oidc_flow where hash = ? and linking_user_id is not distinct from ? and identity_id is null and expires_at > ?
     returning expires_at as "expiresAt"`,
    [hash, linkingUserId, at],
  );
  return rows[0] ?? null;
}

/** The provider has named somebody: what is left is the second factor, if there is one, and the session. */
export interface ProvenFlow {
  readonly userId: string;
  readonly identityId: string;
  readonly authenticatedAt: Date;
}

export async function insertProvenFlow(
  trx: Transaction,
  { hash, identityId, authenticatedAt, expiresAt }: Omit<ProvenFlow, "userId"> & { hash: string; expiresAt: Date },
): Promise<void> {
  await trx.raw("insert into oidc_flow (hash, identity_id, authenticated_at, expires_at) values (?, ?, ?, ?)", [
    hash,
    identityId,
    authenticatedAt,
    expiresAt,
  ]);
}

export async function findProvenFlow(db: Database, hash: string, at: Date): Promise<ProvenFlow | null> {
  const { rows } = await db.raw<{ rows: ProvenFlow[] }>(
    `select i.user_id as "userId", f.identity_id as "identityId", f.authenticated_at as "authenticatedAt"
     from oidc_flow f join oidc_identity i on i.id = f.identity_id where f.hash = ? and f.expires_at > ?`,
    [hash, at],
  );
  return rows[0] ?? null;
}

/** Returns false when another request has ended it. */
export async function deleteProvenFlow(trx: Transaction, hash: string): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    "delete from oidc_flow where hash = ? and identity_id is not null returning hash",
    [hash],
  );
  return rows.length === 1;
}

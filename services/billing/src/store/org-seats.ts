import { putNewerSnapshot } from "@topdog/messaging/snapshot";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { OrgDeletion, OrgSeats } from "../domain/org-seats.ts";

interface OrgSeatsRow {
  org_id: string;
  version: number;
  owner_user_id: string;
  active_members: number;
  deletion: OrgDeletion;
  changed_at: Date;
}

const columns = "org_id, version, owner_user_id, active_members, deletion, changed_at";

const fromDbOrgSeats = (row: OrgSeatsRow): OrgSeats => ({
  orgId: row.org_id,
  version: row.version,
  ownerUserId: row.owner_user_id,
  activeMembers: row.active_members,
  deletion: row.deletion,
  changedAt: row.changed_at,
});

export async function findOrgSeats(db: Database, orgId: string): Promise<OrgSeats | null> {
  const { rows } = await db.raw<{ rows: OrgSeatsRow[] }>(`select ${columns} from org_seats where org_id = ?`, [orgId]);
  return rows[0] === undefined ? null : fromDbOrgSeats(rows[0]);
}

/** Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events are repeated and reordered. */
export async function putNewerOrgSeats(trx: Transaction, org: OrgSeats): Promise<boolean> {
  return putNewerSnapshot(trx, {
    table: "org_seats",
    key: ["org_id", org.orgId],
    version: org.version,
    changedAt: org.changedAt,
    columns: { owner_user_id: org.ownerUserId, active_members: org.activeMembers, deletion: org.deletion },
  });
}

/** An org whose end asks something of its subscription that is not done yet. */
export type OrgToClose = Pick<OrgSeats, "orgId" | "deletion">;

/** A few of them, by chance: those that cannot be done yet keep nobody waiting. */
export async function orgsToClose(db: Database, limit: number): Promise<OrgToClose[]> {
  const { rows } = await db.raw<{ rows: Pick<OrgSeatsRow, "org_id" | "deletion">[] }>(
    "select org_id, deletion from org_seats where deletion <> deletion_acted order by random() limit ?",
    [limit],
  );
  return rows.map((row) => ({ orgId: row.org_id, deletion: row.deletion }));
}

/** What was asked may have changed meanwhile: then there is more to do. */
export async function markDeletionActed(db: Database, { orgId, deletion }: OrgToClose): Promise<void> {
  await db.raw("update org_seats set deletion_acted = ? where org_id = ?", [deletion, orgId]);
}

/** Of those of these orgs that are here. */
export async function orgVersions(
  db: Database,
  orgIds: readonly string[],
): Promise<{ readonly key: string; readonly version: number }[]> {
  const { rows } = await db.raw<{ rows: { key: string; version: number | string }[] }>(
    "select org_id as key, version from org_seats where org_id = any(?::text[])",
    [[...orgIds]],
  );
  return rows.map(({ key, version }) => ({ key, version: Number(version) }));
}

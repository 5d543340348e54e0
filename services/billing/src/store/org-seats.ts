import type { OrgUpdated } from "@topdog/contracts/events/org-events";
import type { Database, Transaction } from "@topdog/postgres/pool";

export interface OrgSeats {
  readonly ownerUserId: string;
  readonly activeMembers: number;
}

export async function findOrgSeats(db: Database, orgId: string): Promise<OrgSeats | null> {
  const { rows } = await db.raw<{ rows: { owner_user_id: string; active_members: number }[] }>(
    "select owner_user_id, active_members from org_seats where org_id = ?",
    [orgId],
  );
  const row = rows[0];
  return row === undefined ? null : { ownerUserId: row.owner_user_id, activeMembers: row.active_members };
}

/** Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events repeat and overtake. */
export async function putNewerOrgSeats(trx: Transaction, org: OrgUpdated): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into org_seats (org_id, version, owner_user_id, active_members, changed_at) values (?, ?, ?, ?, ?)
     on conflict (org_id) do update
       set version = excluded.version, owner_user_id = excluded.owner_user_id,
           active_members = excluded.active_members, changed_at = excluded.changed_at
       where org_seats.version < excluded.version
     returning org_id`,
    [org.orgId, org.version, org.ownerUserId, org.activeMembers, new Date(org.changedAt)],
  );
  return rows.length === 1;
}

import type { Database, Transaction } from "@topdog/postgres/pool";
import type { OrgSeats } from "../domain/org-seats.ts";

interface OrgSeatsRow {
  org_id: string;
  version: number;
  owner_user_id: string;
  active_members: number;
  changed_at: Date;
}

const columns = "org_id, version, owner_user_id, active_members, changed_at";

const fromDbOrgSeats = (row: OrgSeatsRow): OrgSeats => ({
  orgId: row.org_id,
  version: row.version,
  ownerUserId: row.owner_user_id,
  activeMembers: row.active_members,
  changedAt: row.changed_at,
});

export async function findOrgSeats(db: Database, orgId: string): Promise<OrgSeats | null> {
  const { rows } = await db.raw<{ rows: OrgSeatsRow[] }>(`select ${columns} from org_seats where org_id = ?`, [orgId]);
  return rows[0] === undefined ? null : fromDbOrgSeats(rows[0]);
}

/** Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events repeat and overtake. */
export async function putNewerOrgSeats(trx: Transaction, org: OrgSeats): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into org_seats (${columns}) values (?, ?, ?, ?, ?)
     on conflict (org_id) do update
       set version = excluded.version, owner_user_id = excluded.owner_user_id,
           active_members = excluded.active_members, changed_at = excluded.changed_at
       where org_seats.version < excluded.version
     returning org_id`,
    [org.orgId, org.version, org.ownerUserId, org.activeMembers, org.changedAt],
  );
  return rows.length === 1;
}

import type { PlanId } from "@topdog/contracts/plans";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Entitlement } from "../domain/seats.ts";

interface EntitlementRow {
  owner: string;
  version: number;
  plan: PlanId;
  seats: number;
  changed_at: Date;
}

const columns = "owner, version, plan, seats, changed_at";

export async function findEntitlement(db: Database, owner: string): Promise<Entitlement | null> {
  const { rows } = await db.raw<{ rows: EntitlementRow[] }>(`select ${columns} from entitlement where owner = ?`, [
    owner,
  ]);
  const row = rows[0];
  if (row === undefined) return null;
  return { owner: row.owner, version: row.version, plan: row.plan, seats: row.seats, changedAt: row.changed_at };
}

/** Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events repeat and overtake. */
export async function putNewerEntitlement(trx: Transaction, snapshot: Entitlement): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into entitlement (${columns}) values (?, ?, ?, ?, ?)
     on conflict (owner) do update
       set version = excluded.version, plan = excluded.plan, seats = excluded.seats, changed_at = excluded.changed_at
       where entitlement.version < excluded.version
     returning owner`,
    [snapshot.owner, snapshot.version, snapshot.plan, snapshot.seats, snapshot.changedAt],
  );
  return rows.length === 1;
}

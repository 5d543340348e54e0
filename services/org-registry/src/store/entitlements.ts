import type { PlanId } from "@topdog/contracts/plans";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Entitlement } from "../domain/seats.ts";

interface EntitlementRow {
  owner: string;
  version: number;
  plan: PlanId;
  seats: number;
}

export async function findEntitlement(db: Database, owner: string): Promise<Entitlement | null> {
  const { rows } = await db.raw<{ rows: EntitlementRow[] }>(
    "select owner, version, plan, seats from entitlement where owner = ?",
    [owner],
  );
  return rows[0] ?? null;
}

/** Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events repeat and overtake. */
export async function putNewerEntitlement(trx: Transaction, snapshot: Entitlement, changedAt: Date): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into entitlement (owner, version, plan, seats, changed_at) values (?, ?, ?, ?, ?)
     on conflict (owner) do update
       set version = excluded.version, plan = excluded.plan, seats = excluded.seats, changed_at = excluded.changed_at
       where entitlement.version < excluded.version
     returning owner`,
    [snapshot.owner, snapshot.version, snapshot.plan, snapshot.seats, changedAt],
  );
  return rows.length === 1;
}

import type { PlanId } from "@topdog/contracts/plans";
import { putNewerSnapshot } from "@topdog/messaging/snapshot";
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

/** Stores a newer snapshot. Returns false, and changes nothing, for one that is not newer: events are repeated and reordered. */
export async function putNewerEntitlement(trx: Transaction, snapshot: Entitlement): Promise<boolean> {
  const { owner, version, plan, seats, changedAt } = snapshot;
  return putNewerSnapshot(trx, {
    table: "entitlement",
    key: ["owner", owner],
    version,
    changedAt,
    columns: { plan, seats },
  });
}

/** Of those of these owners that are here. */
export async function entitlementVersions(
  db: Database,
  owners: readonly string[],
): Promise<{ readonly key: string; readonly version: number }[]> {
  const { rows } = await db.raw<{ rows: { key: string; version: number }[] }>(
    "select owner as key, version from entitlement where owner = any(?::text[])",
    [[...owners]],
  );
  return rows;
}

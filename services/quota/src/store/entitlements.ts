import { putNewerSnapshot } from "@topdog/messaging/snapshot";
import type { Database, Transaction } from "@topdog/postgres/pool";
import type { Entitlement } from "../domain/planned-bucket.ts";

/**
 * The entitlements of these owners, locked as a plan change locks them: a bucket that is made from one is either made with the
 * new limits or seen by the change. An owner without one gets the free plan's, so that there is a row to lock.
 */
export async function lockEntitlements(trx: Transaction, owners: readonly string[]): Promise<Entitlement[]> {
  const sorted = [...new Set(owners)].toSorted();
  await trx.raw(
    `insert into entitlement (owner, plan, seats, version)
     select owner, 'free', 1, 0 from unnest(?::text[]) as owner order by owner on conflict do nothing`,
    [sorted],
  );
  const { rows } = await trx.raw<{ rows: Entitlement[] }>(
    "select owner, plan, seats from entitlement where owner = any(?::text[]) order by owner for share",
    [sorted],
  );
  return rows;
}

export async function findEntitlements(db: Database, owners: readonly string[]): Promise<Entitlement[]> {
  const { rows } = await db.raw<{ rows: Entitlement[] }>(
    "select owner, plan, seats from entitlement where owner = any(?::text[])",
    [[...owners]],
  );
  return rows;
}

export interface Subscription extends Entitlement {
  readonly version: number;
  /** ISO 8601. */
  readonly changedAt: string;
}

/** Returns false, and changes nothing, unless the subscription is newer than what is stored. */
export async function upsertEntitlement(trx: Transaction, subscription: Subscription): Promise<boolean> {
  const { owner, plan, seats, version, changedAt } = subscription;
  return putNewerSnapshot(trx, {
    table: "entitlement",
    key: ["owner", owner],
    version,
    changedAt: new Date(changedAt),
    columns: { plan, seats },
  });
}

/** Of those of these owners that are here. */
export async function entitlementVersions(
  db: Database,
  owners: readonly string[],
): Promise<{ readonly key: string; readonly version: number }[]> {
  const { rows } = await db.raw<{ rows: { owner: string; version: number | string }[] }>(
    "select owner, version from entitlement where owner = any(?::text[])",
    [[...owners]],
  );
  return rows.map(({ owner, version }) => ({ key: owner, version: Number(version) }));
}

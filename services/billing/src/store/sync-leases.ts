import type { Database, Transaction } from "@topdog/postgres/pool";

/** The right to fetch a customer and to write what was fetched. */
export interface SyncLease {
  readonly owner: string;
  readonly stripeCustomerId: string;
  /** Rises with each lease of the customer. */
  readonly fence: number;
}

export interface SyncPlace {
  /** The number of the newest lease. */
  readonly fence: number;
  /** Of the newest one whose fetch was written. */
  readonly applied: number;
}

interface LeaseRow {
  sync_fence: number;
  sync_applied: number;
  stripe_customer_id: string;
}

/**
 * Null while another one is out, when a fetch of one newer than `newestAtArrival` was written, and for an owner who is no customer. One that nobody
 * ended runs out: its process may be dead.
 */
export async function takeSyncLease(
  db: Database,
  owner: string,
  { leaseMs, newestAtArrival }: { readonly leaseMs: number; readonly newestAtArrival: number | null },
): Promise<SyncLease | null> {
  const { rows } = await db.raw<{ rows: LeaseRow[] }>(
    `update customer set sync_fence = sync_fence + 1, sync_until = now() + make_interval(secs => ?)
     where owner = ? and stripe_customer_id is not null and (sync_until is null or sync_until <= now())
       and sync_applied <= coalesce(?::integer, sync_applied)
     returning sync_fence, sync_applied, stripe_customer_id`,
    [leaseMs / 1000, owner, newestAtArrival],
  );
  const row = rows[0];
  return row === undefined ? null : { owner, stripeCustomerId: row.stripe_customer_id, fence: row.sync_fence };
}

/** Null for an owner who is no customer. */
export async function findSyncPlace(db: Database, owner: string): Promise<SyncPlace | null> {
  const { rows } = await db.raw<{ rows: LeaseRow[] }>(
    "select sync_fence, sync_applied from customer where owner = ? and stripe_customer_id is not null",
    [owner],
  );
  const row = rows[0];
  return row === undefined ? null : { fence: row.sync_fence, applied: row.sync_applied };
}

/**
 * Ends a lease in the transaction that writes what was fetched under it. False: it ran out and another one was given, or the customer is
 * another one now; then nothing may be written. The row's lock keeps a second writer out until the commit.
 */
export async function applySyncLease(
  trx: Transaction,
  { owner, fence, stripeCustomerId }: SyncLease,
): Promise<boolean> {
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `update customer set sync_applied = sync_fence, sync_until = null
     where owner = ? and sync_fence = ? and stripe_customer_id = ? returning owner`,
    [owner, fence, stripeCustomerId],
  );
  return rows.length === 1;
}

/** Ends a lease whose fetch failed. */
export async function dropSyncLease(db: Database, { owner, fence }: SyncLease): Promise<void> {
  await db.raw(
    "update customer set sync_until = null where owner = ? and sync_fence = ? and sync_applied < sync_fence",
    [owner, fence],
  );
}

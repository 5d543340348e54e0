import type { Database, Transaction } from "@topdog/postgres/pool";

export interface CustomerRow {
  readonly owner: string;
  readonly stripeCustomerId: string | null;
  readonly epoch: number;
}

interface DbCustomer {
  owner: string;
  stripe_customer_id: string | null;
  epoch: number;
}

const fromDbCustomer = (row: DbCustomer): CustomerRow => ({
  owner: row.owner,
  stripeCustomerId: row.stripe_customer_id,
  epoch: row.epoch,
});
const first = (rows: DbCustomer[]): CustomerRow | null => (rows[0] === undefined ? null : fromDbCustomer(rows[0]));

const columns = "owner, stripe_customer_id, epoch";

/** The owner's row, made when there is none. Only we know who is a customer: Stripe's search lags behind. */
export async function putCustomer(db: Database, owner: string): Promise<CustomerRow> {
  await db.raw("insert into customer (owner) values (?) on conflict (owner) do nothing", [owner]);
  const row = first(
    (await db.raw<{ rows: DbCustomer[] }>(`select ${columns} from customer where owner = ?`, [owner])).rows,
  );
  if (row === null) throw new Error("a customer row that was just made is gone");
  return row;
}

/** Its lock is what makes changes of one customer happen one after another. */
export async function lockCustomer(trx: Transaction, owner: string): Promise<CustomerRow | null> {
  const sql = `select ${columns} from customer where owner = ? for update`;
  return first((await trx.raw<{ rows: DbCustomer[] }>(sql, [owner])).rows);
}

export async function findCustomer(db: Database, owner: string): Promise<CustomerRow | null> {
  const sql = `select ${columns} from customer where owner = ?`;
  return first((await db.raw<{ rows: DbCustomer[] }>(sql, [owner])).rows);
}

export async function findOwnerOf(db: Database, stripeCustomerId: string): Promise<string | null> {
  const { rows } = await db.raw<{ rows: { owner: string }[] }>(
    "select owner from customer where stripe_customer_id = ?",
    [stripeCustomerId],
  );
  return rows[0]?.owner ?? null;
}

/** Stores Stripe's answer, unless the row has one already. Returns the customer that the row has now. */
export async function bindCustomer(db: Database, owner: string, stripeCustomerId: string): Promise<string | null> {
  const { rows } = await db.raw<{ rows: DbCustomer[] }>(
    `update customer set stripe_customer_id = coalesce(stripe_customer_id, ?) where owner = ? returning ${columns}`,
    [stripeCustomerId, owner],
  );
  return first(rows)?.stripeCustomerId ?? null;
}

/** The owner's customer is asked for under another key from now on, unless somebody has it or did so already. */
export async function nextEpoch(db: Database, { owner, epoch }: CustomerRow): Promise<void> {
  await db.raw("update customer set epoch = epoch + 1 where owner = ? and epoch = ? and stripe_customer_id is null", [
    owner,
    epoch,
  ]);
}

/** The customer was deleted at Stripe: the owner's next one is another. */
export async function unbindCustomer(trx: Transaction, owner: string): Promise<void> {
  await trx.raw("update customer set stripe_customer_id = null, epoch = epoch + 1 where owner = ?", [owner]);
}

export async function markSynced(trx: Transaction, owner: string, at: Date, resyncAt: Date | null): Promise<void> {
  await trx.raw("update customer set synced_at = ?, resync_at = ? where owner = ?", [at, resyncAt, owner]);
}

/** Owners whose entitlement changes by the passing of time alone. */
export async function ownersToResync(db: Database, now: Date, limit: number): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { owner: string }[] }>(
    "select owner from customer where resync_at <= ? order by resync_at limit ?",
    [now, limit],
  );
  return rows.map(({ owner }) => owner);
}

import type { Database, Transaction } from "@topdog/postgres/pool";
import type { SetPlan, Subscription } from "../domain/subscription.ts";

interface SubscriptionRow {
  owner: string;
  plan: Subscription["plan"];
  interval: Subscription["interval"];
  seats: number;
  status: Subscription["status"];
  version: number;
  changed_at: Date;
  source: Source;
}

/** Whose word a subscription is. */
export type Source = "operator" | "stripe";

const columns = "owner, plan, interval, seats, status, version, changed_at, source";

const fromDbSubscription = (row: SubscriptionRow): Subscription => ({
  owner: row.owner,
  version: row.version,
  plan: row.plan,
  interval: row.interval,
  seats: row.seats,
  status: row.status,
  changedAt: row.changed_at,
});

export async function findSubscription(db: Database, owner: string): Promise<Subscription | null> {
  return (await findSourced(db, owner))?.subscription ?? null;
}

export async function findSourced(
  db: Database,
  owner: string,
): Promise<{ readonly subscription: Subscription; readonly source: Source } | null> {
  const { rows } = await db.raw<{ rows: SubscriptionRow[] }>(`select ${columns} from subscription where owner = ?`, [
    owner,
  ]);
  return rows[0] === undefined ? null : { subscription: fromDbSubscription(rows[0]), source: rows[0].source };
}

/** Writes a subscription under the owner's next version. Null when the stored one is the same: who said it is written all the same. */
export async function putSubscription(
  trx: Transaction,
  wanted: SetPlan & { readonly status: Subscription["status"] },
  source: Source,
  at: Date,
): Promise<Subscription | null> {
  // One statement: the row's lock orders concurrent changes, so that no version is given twice.
  const { rows } = await trx.raw<{ rows: SubscriptionRow[] }>(
    `insert into subscription as s (${columns}) values (?, ?, ?, ?, ?, 1, ?, ?)
     on conflict (owner) do update
       set plan = excluded.plan, interval = excluded.interval, seats = excluded.seats, status = excluded.status,
           version = s.version + 1, changed_at = excluded.changed_at, source = excluded.source
       where (s.plan, s.interval, s.seats, s.status)
         is distinct from (excluded.plan, excluded.interval, excluded.seats, excluded.status)
     returning *`,
    [wanted.owner, wanted.plan, wanted.interval, wanted.seats, wanted.status, at, source],
  );
  if (rows[0] !== undefined) return fromDbSubscription(rows[0]);
  await trx.raw("update subscription set source = ? where owner = ? and source <> ?", [source, wanted.owner, source]);
  return null;
}

/** The next ones after an owner, in their order. */
export async function pageOfSubscriptions(db: Database, after: string, limit: number): Promise<Subscription[]> {
  const { rows } = await db.raw<{ rows: SubscriptionRow[] }>(
    `select ${columns} from subscription where owner > ? order by owner limit ?`,
    [after, limit],
  );
  return rows.map(fromDbSubscription);
}

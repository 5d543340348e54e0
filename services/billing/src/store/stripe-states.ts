import type { Database, Transaction } from "@topdog/postgres/pool";
import type { StateDetails, StripeState } from "../domain/stripe-state.ts";

interface StateRow {
  subscription_id: string | null;
  status: string | null;
  plan: StripeState["plan"];
  interval: StripeState["interval"];
  seats: number | null;
  mrr_micro_usd: string;
  details: StateDetails;
}

const columns = "subscription_id, status, plan, interval, seats, mrr_micro_usd, details";

const fromDbState = (row: StateRow): StripeState => ({
  subscriptionId: row.subscription_id,
  status: row.status,
  plan: row.plan,
  interval: row.interval,
  seats: row.seats,
  mrrMicroUsd: BigInt(row.mrr_micro_usd),
  details: row.details,
});

export async function findStripeState(db: Database, owner: string): Promise<StripeState | null> {
  const { rows } = await db.raw<{ rows: StateRow[] }>(`select ${columns} from stripe_state where owner = ?`, [owner]);
  return rows[0] === undefined ? null : fromDbState(rows[0]);
}

/** Returns whether it differs from what was stored. */
export async function putStripeState(trx: Transaction, owner: string, state: StripeState, at: Date): Promise<boolean> {
  const values = [
    owner,
    state.subscriptionId,
    state.status,
    state.plan,
    state.interval,
    state.seats,
    String(state.mrrMicroUsd),
    JSON.stringify(state.details),
    at,
  ];
  const { rows } = await trx.raw<{ rows: unknown[] }>(
    `insert into stripe_state as s (owner, ${columns}, changed_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (owner) do update set
       subscription_id = excluded.subscription_id, status = excluded.status, plan = excluded.plan, interval = excluded.interval,
       seats = excluded.seats, mrr_micro_usd = excluded.mrr_micro_usd, details = excluded.details, changed_at = excluded.changed_at
     where (s.subscription_id, s.status, s.plan, s.interval, s.seats, s.mrr_micro_usd, s.details)
       is distinct from (excluded.subscription_id, excluded.status, excluded.plan, excluded.interval, excluded.seats,
         excluded.mrr_micro_usd, excluded.details)
     returning owner`,
    values,
  );
  return rows.length === 1;
}

import type { Database } from "@topdog/postgres/pool";
import type { MovementKind } from "../domain/mrr.ts";

export interface PlanRevenue {
  readonly plan: string;
  readonly interval: string;
  readonly status: string;
  readonly subscriptions: number;
  readonly seats: number;
  readonly mrrMicroUsd: bigint;
}

/** Of the subscriptions that stand, as Stripe last said. */
export async function revenueByPlan(db: Database): Promise<PlanRevenue[]> {
  const { rows } = await db.raw<{
    rows: { plan: string; interval: string; status: string; n: number; seats: number; mrr: string }[];
  }>(
    `select t.plan, t.interval, s.status, count(*)::int as n, sum(t.seats)::int as seats, sum(t.mrr_micro_usd)::text as mrr
     from stripe_state t join subscription s using (owner)
     where t.plan is not null and s.source = 'stripe' and s.plan <> 'free'
     group by 1, 2, 3 order by 1, 2, 3`,
  );
  return rows.map((row) => ({
    plan: row.plan,
    interval: row.interval,
    status: row.status,
    subscriptions: row.n,
    seats: row.seats,
    mrrMicroUsd: BigInt(row.mrr),
  }));
}

export interface MovementSum {
  readonly kind: MovementKind;
  readonly count: number;
  readonly microUsd: bigint;
}

/** From `from`, and before `to`. */
export async function movementsBetween(db: Database, from: Date, to: Date): Promise<MovementSum[]> {
  const { rows } = await db.raw<{ rows: { kind: MovementKind; n: number; sum: string }[] }>(
    `select kind, count(*)::int as n, sum(after_micro_usd - before_micro_usd)::text as sum
     from mrr_movement where at >= ? and at < ? group by kind order by kind`,
    [from, to],
  );
  return rows.map(({ kind, n, sum }) => ({ kind, count: n, microUsd: BigInt(sum) }));
}

export interface PlanCost {
  readonly plan: string;
  readonly calls: number;
  readonly costNanoUsd: bigint;
}

/** Of the days from `fromDay` to `toDay`, both included. */
export async function costsByPlan(db: Database, fromDay: string, toDay: string): Promise<PlanCost[]> {
  const { rows } = await db.raw<{ rows: { plan: string; calls: string; cost: string }[] }>(
    `select plan, sum(calls)::text as calls, sum(cost_nano_usd)::text as cost
     from plan_cost where day between ? and ? group by plan order by plan`,
    [fromDay, toDay],
  );
  return rows.map(({ plan, calls, cost }) => ({ plan, calls: Number(calls), costNanoUsd: BigInt(cost) }));
}

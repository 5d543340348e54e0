import type { Database } from "@topdog/postgres/pool";
import type { MovementKind } from "../domain/mrr.ts";
import { costsByPlan, movementsBetween, revenueByPlan } from "../store/stats.ts";

const dayMs = 86_400_000;
const monthsPerYear = 12n;
const nanoPerMicro = 1_000n;
const kinds: readonly MovementKind[] = ["new", "expansion", "contraction", "churn", "reactivation"];

/** Money in millionths of a US dollar, without tax. */
export interface BillingStats {
  readonly at: string;
  readonly from: string;
  readonly mrrMicroUsd: number;
  readonly arrMicroUsd: number;
  readonly subscriptions: number;
  readonly trials: number;
  readonly pastDue: number;
  readonly seats: number;
  readonly byPlan: readonly {
    readonly plan: string;
    readonly interval: string;
    readonly subscriptions: number;
    readonly seats: number;
    readonly mrrMicroUsd: number;
  }[];
  readonly movements: Readonly<Record<MovementKind, { readonly count: number; readonly microUsd: number }>>;
  readonly usage: readonly {
    readonly plan: string;
    readonly calls: number;
    readonly costMicroUsd: number;
    /** The plan's revenue of as many days, less what its calls cost. */
    readonly marginMicroUsd: number;
  }[];
}

/** A month of MRR is counted as this many days of revenue. */
const daysPerMonth = 30n;

export async function readStats(db: Database, nowMs: number, days: number): Promise<BillingStats> {
  const [to, from] = [new Date(nowMs), new Date(nowMs - days * dayMs)];
  const dayOf = (date: Date): string => date.toISOString().slice(0, 10);
  // The last `days` UTC days, today included.
  const firstDay = dayOf(new Date(nowMs - (days - 1) * dayMs));
  const [revenue, movements, costs] = await Promise.all([
    revenueByPlan(db),
    movementsBetween(db, from, to),
    costsByPlan(db, firstDay, dayOf(to)),
  ]);
  const total = revenue.reduce((sum, { mrrMicroUsd }) => sum + mrrMicroUsd, 0n);
  const countOf = (status: string): number =>
    revenue.filter((one) => one.status === status).reduce((sum, { subscriptions }) => sum + subscriptions, 0);
  const byPlan = new Map<string, bigint>();
  for (const { plan, mrrMicroUsd } of revenue) byPlan.set(plan, (byPlan.get(plan) ?? 0n) + mrrMicroUsd);
  const costByPlan = new Map(costs.map((one) => [one.plan, one]));
  const plans = [...new Set([...byPlan.keys(), ...costByPlan.keys()])].toSorted();
  return {
    at: to.toISOString(),
    from: from.toISOString(),
    mrrMicroUsd: Number(total),
    arrMicroUsd: Number(total * monthsPerYear),
    subscriptions: revenue.reduce((sum, { subscriptions }) => sum + subscriptions, 0),
    trials: countOf("trialing"),
    pastDue: countOf("past_due"),
    seats: revenue.reduce((sum, { seats }) => sum + seats, 0),
    byPlan: joinStatuses(revenue),
    movements: Object.fromEntries(
      kinds.map((kind) => {
        const found = movements.find((one) => one.kind === kind);
        return [kind, { count: found?.count ?? 0, microUsd: Number(found?.microUsd ?? 0n) }];
      }),
    ) as BillingStats["movements"],
    usage: plans.map((plan) => {
      const cost = (costByPlan.get(plan)?.costNanoUsd ?? 0n) / nanoPerMicro;
      const earned = ((byPlan.get(plan) ?? 0n) * BigInt(days)) / daysPerMonth;
      const calls = costByPlan.get(plan)?.calls ?? 0;
      return { plan, calls, costMicroUsd: Number(cost), marginMicroUsd: Number(earned - cost) };
    }),
  };
}

function joinStatuses(revenue: Awaited<ReturnType<typeof revenueByPlan>>): BillingStats["byPlan"] {
  const joined = new Map<
    string,
    { plan: string; interval: string; subscriptions: number; seats: number; mrrMicroUsd: number }
  >();
  for (const { plan, interval, subscriptions, seats, mrrMicroUsd } of revenue) {
    const before = joined.get(`${plan} ${interval}`) ?? { plan, interval, subscriptions: 0, seats: 0, mrrMicroUsd: 0 };
    joined.set(`${plan} ${interval}`, {
      ...before,
      subscriptions: before.subscriptions + subscriptions,
      seats: before.seats + seats,
      mrrMicroUsd: before.mrrMicroUsd + Number(mrrMicroUsd),
    });
  }
  return [...joined.values()];
}

import { plans } from "@topdog/contracts/plans";
import { sameTarget, type Target } from "./money-operation.ts";

export type Timing = "same" | "now" | "period_end";

const valueCents = ({ plan, seats }: Target): number => plans[plan].monthlyPriceCents * seats;

/** When a change takes effect. More, or a year in place of a month, at once and paid first; less, or a month in place of a year, when what is paid for has ended. */
export function timingOf(from: Target, to: Target): Timing {
  if (sameTarget(from, to)) return "same";
  const shortens = from.interval === "year" && to.interval === "month";
  const cheaperPlan = plans[to.plan].monthlyPriceCents < plans[from.plan].monthlyPriceCents;
  return shortens || cheaperPlan || valueCents(to) < valueCents(from) ? "period_end" : "now";
}

import { plans } from "@topdog/contracts/plans";
import { sameTarget, type Target } from "./money-operation.ts";

export type Timing = "same" | "now" | "period_end";

/** What is left out stays: seats keep the plan, a plan keeps the seats. */
export interface WantedChange {
  readonly plan?: Target["plan"] | undefined;
  readonly interval?: Target["interval"] | undefined;
  readonly seats?: number | undefined;
}

const valueCents = ({ plan, seats }: Target): number => plans[plan].monthlyPriceCents * seats;

/** When a change takes effect. More, or a year in place of a month, at once and paid first; less, or a month in place of a year, when what is paid for has ended. */
export function timingOf(from: Target, to: Target): Timing {
  if (sameTarget(from, to)) return "same";
  const shortens = from.interval === "year" && to.interval === "month";
  const cheaperPlan = plans[to.plan].monthlyPriceCents < plans[from.plan].monthlyPriceCents;
  return shortens || cheaperPlan || valueCents(to) < valueCents(from) ? "period_end" : "now";
}

const changed = (from: Target, { plan, interval, seats }: WantedChange): Target => ({
  plan: plan ?? from.plan,
  interval: interval ?? from.interval,
  seats: seats ?? from.seats,
});

/**
 * What somebody who holds `sold` wants to hold. What was to come at the period's end already comes with it, when this does not come before:
 * fewer seats and then a shorter interval are both.
 */
export function targetOf(sold: Target, scheduled: Target | null, wanted: WantedChange): Target {
  const withScheduled = scheduled === null ? null : changed(scheduled, wanted);
  return withScheduled !== null && timingOf(sold, withScheduled) === "period_end"
    ? withScheduled
    : changed(sold, wanted);
}

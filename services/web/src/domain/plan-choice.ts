import type { SubscriptionView, Tier } from "./answers.ts";
import { type Interval, seatsWithin } from "./seat-math.ts";

export interface PlanChoice {
  readonly plan: Tier["id"];
  readonly interval: Interval;
  readonly seats: number;
}

const liveStatuses = new Set(["active", "trialing", "past_due"]);

/** Whether there is something to change; otherwise a plan is bought by a checkout. */
export const isSubscribed = ({ payment }: SubscriptionView): boolean =>
  payment !== null && liveStatuses.has(payment.status);

/** Whether choosing it would change nothing, now or later. */
export function isInForce(subscription: SubscriptionView, { plan, interval, seats }: PlanChoice): boolean {
  const { payment } = subscription;
  if (!isSubscribed(subscription) || payment === null) return false;
  const stays = payment.scheduledChange === null && payment.endsAt === null && !payment.changePending;
  return stays && plan === subscription.plan && interval === subscription.interval && seats === subscription.seats;
}

/** The plans that an owner can buy: people those without seats, orgs those with. */
export const plansFor = (tiers: readonly Tier[], isOrg: boolean): Tier[] =>
  tiers.filter((tier) => tier.perSeat === isOrg && tier.price.year !== null);

/** What the form starts with: what was asked for on the way here, else what is in force, else the smallest. */
export function firstChoice(
  offered: readonly Tier[],
  subscription: SubscriptionView,
  asked: { readonly plan: string | null; readonly interval: string | null },
): PlanChoice | null {
  const tier =
    offered.find(({ id }) => id === asked.plan) ?? offered.find(({ id }) => id === subscription.plan) ?? offered[0];
  if (tier === undefined) return null;
  const interval = asked.interval === "year" || asked.interval === "month" ? asked.interval : subscription.interval;
  return { plan: tier.id, interval, seats: seatsWithin(tier, subscription.seats) };
}

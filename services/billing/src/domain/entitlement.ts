import { plans } from "@topdog/contracts/plans";
import type { Governing } from "./governing.ts";
import { effectiveEnd, isKnownStatus, isLive } from "./stripe-subscription.ts";
import type { Interval, SetPlan, Subscription, SubscriptionStatus } from "./subscription.ts";

export interface EntitlementRules {
  readonly nowMs: number;
  /** From the first failed payment. */
  readonly graceMs: number;
  /** What is in force; kept while Stripe says something that is not understood. */
  readonly last: Pick<Subscription, "plan" | "interval" | "seats" | "status"> | null;
  /** Until when the plan stood when this was last decided, if the same subscription owed a payment then too. */
  readonly graceBefore: Date | null;
  /** Since when the status is one that is not known here; null when it is known. */
  readonly unknownSince: Date | null;
}

export interface Entitlement extends Omit<SetPlan, "owner"> {
  readonly status: SubscriptionStatus;
  /** Set while a payment is owed: until when the plan stands, or stood. */
  readonly graceEndsAt: Date | null;
  /** When this decision is out of date though nothing happens at Stripe. */
  readonly changesAt: Date | null;
}

/** For how long an unknown status keeps what was in force. */
const unknownStatusMs = 24 * 3_600_000;

const free = (status: SubscriptionStatus): Entitlement => ({
  plan: "free",
  interval: "month",
  seats: 1,
  status,
  graceEndsAt: null,
  changesAt: null,
});

/** What an owner may use, by the state of the governing subscription: the table of the product page. */
export function decideEntitlement(governing: Governing | null, rules: EntitlementRules): Entitlement {
  if (governing === null) return free("active");
  const { subscription, sold } = governing;
  const end = effectiveEnd(subscription);
  if (!isLive(subscription) || (end !== null && end.getTime() <= rules.nowMs)) return free("canceled");
  if (!isKnownStatus(subscription.status)) return keepLast(rules);
  const status = standingStatus(subscription.status);
  if (status === null) return free(subscription.status === "unpaid" ? "past_due" : "active");
  // The price is not understood: nothing is taken away, and nothing given.
  if (sold === null) return rules.last === null ? free("active") : { ...rules.last, graceEndsAt: null, changesAt: end };
  const plan = { plan: sold.plan, interval: sold.interval satisfies Interval, seats: seatsOf(sold) };
  if (status !== "past_due") return { ...plan, status, graceEndsAt: null, changesAt: end };
  const graceEndsAt = graceEndOf(subscription.unpaidSince, rules);
  if (graceEndsAt.getTime() <= rules.nowMs) return { ...free("past_due"), graceEndsAt };
  return { ...plan, status, graceEndsAt, changesAt: end !== null && end < graceEndsAt ? end : graceEndsAt };
}

/** From the first failure. Where no invoice tells when that was, the clock that runs already goes on. */
function graceEndOf(unpaidSince: Date | null, { graceMs, graceBefore, nowMs }: EntitlementRules): Date {
  if (unpaidSince !== null) return new Date(unpaidSince.getTime() + graceMs);
  return graceBefore ?? new Date(nowMs + graceMs);
}

/** What was paid for, at least one: the event of a plan with no seat at all would be refused. */
const seatsOf = ({ plan, seats }: { plan: keyof typeof plans; seats: number }): number =>
  plans[plan].perSeat ? Math.max(1, seats) : 1;

/** Null: the plan is not in force. */
function standingStatus(status: string): "active" | "trialing" | "past_due" | null {
  return status === "active" || status === "trialing" || status === "past_due" ? status : null;
}

function keepLast({ last, unknownSince, nowMs }: EntitlementRules): Entitlement {
  const until = (unknownSince?.getTime() ?? nowMs) + unknownStatusMs;
  if (last === null || until <= nowMs) return free("active");
  return { ...last, graceEndsAt: null, changesAt: new Date(until) };
}

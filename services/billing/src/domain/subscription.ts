import { type PlanId, planIds, plans } from "@topdog/contracts/plans";

export type Interval = "month" | "year";
export type SubscriptionStatus = "active" | "trialing" | "past_due" | "canceled";

/** What a user or an org subscribes to. */
export interface Subscription {
  /** `user:<id>` or `org:<id>`. */
  readonly owner: string;
  /** Rises with every change. */
  readonly version: number;
  readonly plan: PlanId;
  readonly interval: Interval;
  /** Paid quantity; 1 for a plan without seats. */
  readonly seats: number;
  readonly status: SubscriptionStatus;
  readonly changedAt: Date;
}

/** The subscription of an owner who never subscribed: the free plan, without a version because nothing was published. */
export type UnsetSubscription = Omit<Subscription, "changedAt"> & { readonly changedAt: null };

export interface WantedPlan {
  readonly owner: string;
  readonly plan: string;
  readonly interval: string;
  readonly seats: number;
}

export interface SetPlan {
  readonly owner: string;
  readonly plan: PlanId;
  readonly interval: Interval;
  readonly seats: number;
}

export type Verdict = { readonly ok: true; readonly wanted: SetPlan } | { readonly ok: false; readonly reason: string };

export const ownerPattern = /^(user|org):[\w-]{1,64}$/;
/** Stripe sells no more by a checkout. */
const maxSeats = 999_999;

const isPlanId = (text: string): text is PlanId => planIds.some((id) => id === text);
const refuse = (reason: string): Verdict => ({ ok: false, reason });

/** Whether a plan can be given to an owner at all, and why not. */
export function judgePlan(wanted: WantedPlan, offer: { regulatedLineup: boolean }): Verdict {
  const { owner, plan: id, interval, seats } = wanted;
  if (!ownerPattern.test(owner)) return refuse(`owner must be user:<id> or org:<id>, not "${owner}"`);
  if (!isPlanId(id)) return refuse(`unknown plan "${id}"; the plans are ${planIds.join(", ")}`);
  if (interval !== "month" && interval !== "year") return refuse(`interval must be month or year, not "${interval}"`);
  const plan = plans[id];
  if (plan.lineup === "regulated" && !offer.regulatedLineup) return refuse(`${id} is of a lineup that is switched off`);
  const isOrg = owner.startsWith("org:");
  if (isOrg && !plan.perSeat && id !== "free") return refuse(`${id} is a personal plan: an org takes one with seats`);
  if (!isOrg && plan.perSeat) return refuse(`${id} has seats: it belongs to an org, not to a user`);
  if (!Number.isInteger(seats) || seats > maxSeats) return refuse(`seats must be a whole number up to ${maxSeats}`);
  if (seats < plan.minimumSeats) return refuse(`${id} needs at least ${plan.minimumSeats} seats, not ${seats}`);
  if (!plan.perSeat && seats !== 1) return refuse(`${id} has no seats: seats must be 1`);
  if (plan.monthlyPriceCents === 0 && interval !== "month") return refuse(`${id} is not billed, so not by the year`);
  return { ok: true, wanted: { owner, plan: id, interval, seats } };
}

export const freeSubscription = (owner: string): UnsetSubscription => ({
  owner,
  version: 0,
  plan: "free",
  interval: "month",
  seats: 1,
  status: "active",
  changedAt: null,
});

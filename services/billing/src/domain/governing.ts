import { plans } from "@topdog/contracts/plans";
import type { PlanPrice, PriceMap } from "./price-map.ts";
import { isKnownStatus, isLive, type StripeItem, type StripeSubscription } from "./stripe-subscription.ts";

/** What an operator must look at. Stripe's facts are applied as far as they are understood, and never guessed. */
export interface Problem {
  readonly kind:
    | "unknown_price"
    | "unknown_status"
    | "several_items"
    | "wrong_owner_kind"
    | "below_minimum"
    | "extra_subscription"
    | "orphan_customer"
    /** Refunded or disputed: the subscription goes on until a person decides otherwise. */
    | "money_went_back"
    | "tax_location_missing"
    /** Nothing would ever end or renew by its clock. */
    | "period_missing";
  /** The price, subscription, customer or event it is about. */
  readonly subject: string;
  readonly detail: string;
}

export interface Governing {
  readonly subscription: StripeSubscription;
  /** Null when its price is not one of ours, or not for this kind of owner. */
  readonly sold: Sold | null;
}

export interface Sold extends PlanPrice {
  readonly item: StripeItem;
  readonly seats: number;
}

export interface Reading {
  /** The one subscription that decides; null when there is none. */
  readonly governing: Governing | null;
  readonly problems: readonly Problem[];
}

/** Lower is stronger: what is paid for decides over what is owed, and that over what has ended. */
const ranks: Readonly<Record<string, number>> = {
  active: 0,
  trialing: 1,
  past_due: 2,
  unpaid: 4,
  paused: 5,
  incomplete: 6,
  canceled: 7,
  incomplete_expired: 8,
};
const unknownRank = 3;
const rankOf = ({ status }: StripeSubscription): number => ranks[status] ?? unknownRank;

/** Finds the governing one of an owner's subscriptions: the same for every order in which they are listed. */
export function readSubscriptions(
  subscriptions: readonly StripeSubscription[],
  prices: PriceMap,
  owner: string,
): Reading {
  const problems: Problem[] = [];
  const all = subscriptions.map((subscription) => ({ subscription, sold: soldBy(subscription, prices, owner) }));
  const ordered = all.toSorted(
    (a, b) =>
      rankOf(a.subscription) - rankOf(b.subscription) ||
      valueOf(b.sold) - valueOf(a.sold) ||
      b.subscription.createdAt.getTime() - a.subscription.createdAt.getTime() ||
      (a.subscription.id < b.subscription.id ? -1 : 1),
  );
  const governing = ordered[0] ?? null;
  for (const { subscription } of ordered.slice(1)) {
    if (isLive(subscription)) problems.push(extra(subscription, governing?.subscription.id));
  }
  if (governing !== null && isLive(governing.subscription)) problems.push(...problemsOf(governing, prices, owner));
  return { governing, problems };
}

const valueOf = (sold: Sold | null): number => (sold === null ? -1 : plans[sold.plan].monthlyPriceCents * sold.seats);

function soldBy(subscription: StripeSubscription, prices: PriceMap, owner: string): Sold | null {
  const sold = subscription.items.flatMap((item): Sold[] => {
    const price = prices.ofPrice(item.priceId);
    return price === null || !fits(price, owner) ? [] : [{ ...price, item, seats: item.quantity }];
  });
  return sold.toSorted((a, b) => valueOf(b) - valueOf(a))[0] ?? null;
}

/** A plan with seats is an org's, any other a person's. */
const fits = ({ plan }: PlanPrice, owner: string): boolean => plans[plan].perSeat === owner.startsWith("org:");

const extra = ({ id, status }: StripeSubscription, governingId = ""): Problem => ({
  kind: "extra_subscription",
  subject: id,
  detail: `${status} beside ${governingId}, which decides: cancel and refund one of them`,
});

function problemsOf({ subscription, sold }: Governing, prices: PriceMap, owner: string): Problem[] {
  const { id, status, items } = subscription;
  const problems: Problem[] = [];
  if (!isKnownStatus(status)) problems.push({ kind: "unknown_status", subject: id, detail: `its status is ${status}` });
  for (const { priceId } of items) {
    const price = prices.ofPrice(priceId);
    if (price === null) problems.push({ kind: "unknown_price", subject: priceId, detail: `subscribed to by ${owner}` });
    else if (!fits(price, owner))
      problems.push({ kind: "wrong_owner_kind", subject: id, detail: `${price.plan} cannot be held by ${owner}` });
  }
  if (subscription.taxLocationMissing)
    problems.push({ kind: "tax_location_missing", subject: id, detail: `no address of ${owner} to compute tax for` });
  if (items.some(({ periodEnd }) => periodEnd === null))
    problems.push({ kind: "period_missing", subject: id, detail: "Stripe names no end of its period" });
  if (items.length > 1) problems.push({ kind: "several_items", subject: id, detail: `${items.length} items` });
  const minimum = sold === null ? 0 : plans[sold.plan].minimumSeats;
  if (sold !== null && sold.seats < minimum)
    problems.push({ kind: "below_minimum", subject: id, detail: `${sold.seats} seats, and ${minimum} is the minimum` });
  return problems;
}

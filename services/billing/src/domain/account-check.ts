import { annualPriceCents, plans } from "@topdog/contracts/plans";
import type { PlanPrice, PriceMap } from "./price-map.ts";
import { priceVariable } from "@topdog/contracts/stripe-prices";

/** One point of the Stripe account, and what to do when it is not as it must be. */
export interface Finding {
  readonly point: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface PriceFacts {
  readonly active: boolean;
  readonly livemode: boolean;
  readonly currency: string;
  readonly unitAmountCents: number | null;
  /** `1 month`; null for a price that does not recur. */
  readonly interval: string | null;
  readonly licensed: boolean;
}

export interface PortalFacts {
  readonly active: boolean;
  readonly updatesPlans: boolean;
  readonly prorationBehavior: string;
  readonly atPeriodEnd: readonly string[];
  readonly products: readonly {
    readonly priceIds: readonly string[];
    readonly adjustable: boolean;
    readonly minimum: number;
  }[];
  readonly cancels: boolean;
  readonly cancelsAtPeriodEnd: boolean;
  readonly updatesPaymentMethods: boolean;
}

export interface EndpointFacts {
  readonly url: string;
  readonly enabled: boolean;
  readonly apiVersion: string | null;
  readonly events: readonly string[];
}

const finding = (point: string, faults: readonly (string | false)[]): Finding => {
  const found = faults.filter((one) => one !== false);
  return { point, ok: found.length === 0, detail: found.length === 0 ? "as it must be" : found.join("; ") };
};

/** Whether what Stripe would charge is what the catalogue says. */
export function judgePrice(
  { plan, interval, priceId }: PlanPrice,
  price: PriceFacts | null,
  livemode: boolean,
): Finding {
  const point = `${priceVariable(plan, interval)} (${priceId})`;
  if (price === null) return finding(point, ["there is no such price in this account"]);
  const wanted = interval === "year" ? annualPriceCents(plans[plan]) : plans[plan].monthlyPriceCents;
  return finding(point, [
    !price.active && "is archived",
    price.livemode !== livemode && "is of Stripe's other mode",
    price.currency !== "usd" && `is in ${price.currency}, not usd`,
    price.unitAmountCents !== wanted && `charges ${price.unitAmountCents} cents, and the catalogue says ${wanted}`,
    price.interval !== `1 ${interval}` && `recurs by ${price.interval ?? "nothing"}, not by 1 ${interval}`,
    !price.licensed && "is metered: its quantity would not be seats",
  ]);
}

/** A plan without a year's price is for sale by the month alone: that is shown, and is no fault. */
export const judgeCoverage = (prices: PriceMap): Finding =>
  finding("prices", [prices.all.length === 0 && "none of STRIPE_PRICE_ID_… is set: nothing is for sale"]);

/** The portal must not allow what we refuse: fewer seats than the minimum, or more without paying. */
export function judgePortal(portal: PortalFacts | null, prices: PriceMap): Finding {
  if (portal === null) return finding("customer portal", ["there is no configuration: save one in the dashboard"]);
  const conditions = ["decreasing_item_amount", "shortening_interval"];
  return finding("customer portal", [
    !portal.active && "is not active",
    !portal.updatesPaymentMethods && "cannot update payment methods: nobody could pay what is owed",
    portal.cancels && !portal.cancelsAtPeriodEnd && "cancels at once, not at the end of the period",
    portal.updatesPlans &&
      portal.prorationBehavior !== "always_invoice" &&
      `proration is ${portal.prorationBehavior}, not always_invoice: seats would be free until the renewal`,
    ...(portal.updatesPlans
      ? conditions.map((one) => !portal.atPeriodEnd.includes(one) && `does not wait for the period's end on ${one}`)
      : []),
    ...(portal.updatesPlans ? portal.products.map((product) => minimumFault(product, prices)) : []),
  ]);
}

function minimumFault(
  { priceIds, adjustable, minimum }: PortalFacts["products"][number],
  prices: PriceMap,
): string | false {
  const plan = priceIds.map((id) => prices.ofPrice(id)).find((one) => one !== null)?.plan;
  if (plan === undefined || !adjustable) return false;
  const wanted = plans[plan].minimumSeats;
  return minimum < wanted && `allows ${minimum} seats of ${plan}, and ${wanted} is the minimum`;
}

/** Events without which a change would wait for the sweep. */
export const neededEvents = [
  "checkout.session.completed",
  "checkout.session.async_payment_succeeded",
  "charge.dispute.created",
  "charge.refunded",
  "customer.deleted",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.pending_update_applied",
  "customer.subscription.pending_update_expired",
  "invoice.paid",
  "invoice.payment_failed",
  "subscription_schedule.updated",
  "subscription_schedule.released",
] as const;

export function judgeEndpoints(endpoints: readonly EndpointFacts[], apiVersion: string): Finding {
  const ours = endpoints.filter(({ url, enabled }) => enabled && url.endsWith("/api/billing/webhook"));
  const point = "webhook endpoint";
  if (ours.length === 0)
    return finding(point, ["none is enabled for …/api/billing/webhook: changes would wait for the sweep"]);
  const isWhole = ({ events }: EndpointFacts) =>
    events.includes("*") || neededEvents.every((event) => events.includes(event));
  const missing = neededEvents.filter((event) => !ours.some(({ events }) => events.includes(event)));
  return finding(point, [
    !ours.some((one) => one.apiVersion === apiVersion) &&
      `its API version is ${ours[0]?.apiVersion ?? "the account's"}, and ours ${apiVersion}: make a new endpoint, run both, retire the old one`,
    !ours.some(isWhole) && `is not sent ${missing.join(", ")}`,
  ]);
}

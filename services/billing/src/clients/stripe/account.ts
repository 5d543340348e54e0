import type Stripe from "stripe";
import type { EndpointFacts, PortalFacts, PriceFacts } from "../../domain/account-check.ts";
import type { StripeCaller } from "./stripe-caller.ts";
import { isMissing, isPermissionError, isRefused } from "./stripe-failure.ts";

/** Null when there is no such price. */
export async function findPrice(stripe: StripeCaller, id: string): Promise<PriceFacts | null> {
  try {
    const price = await stripe.call((sdk) => sdk.prices.retrieve(id));
    return {
      active: price.active,
      livemode: price.livemode,
      currency: price.currency,
      unitAmountCents: price.unit_amount,
      interval: price.recurring === null ? null : `${price.recurring.interval_count} ${price.recurring.interval}`,
      licensed: price.recurring?.usage_type === "licensed",
    };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The portal that is configured, or the account's own default; null when there is none. */
export async function findPortal(stripe: StripeCaller, id: string | undefined): Promise<PortalFacts | null> {
  const expand = ["data.features.subscription_update.products"];
  const found = await stripe.call(async (sdk) =>
    id === undefined
      ? (await sdk.billingPortal.configurations.list({ is_default: true, limit: 1, expand })).data[0]
      : sdk.billingPortal.configurations.retrieve(id, { expand: ["features.subscription_update.products"] }),
  );
  if (found === undefined) return null;
  const { subscription_update: update, subscription_cancel: cancel, payment_method_update: method } = found.features;
  return {
    active: found.active,
    updatesPlans: update.enabled,
    prorationBehavior: update.proration_behavior,
    atPeriodEnd: update.schedule_at_period_end.conditions.map(({ type }) => type),
    products: (update.products ?? []).map(({ prices, adjustable_quantity: quantity }) => ({
      priceIds: prices,
      adjustable: quantity.enabled,
      minimum: quantity.minimum,
    })),
    cancels: cancel.enabled,
    cancelsAtPeriodEnd: cancel.mode === "at_period_end",
    updatesPaymentMethods: method.enabled,
  };
}

export async function listEndpoints(stripe: StripeCaller): Promise<EndpointFacts[]> {
  const { data } = await stripe.call((sdk) => sdk.webhookEndpoints.list({ limit: 100 }));
  return data.map(({ url, status, api_version: apiVersion, enabled_events: events }) => ({
    url,
    enabled: status === "enabled",
    apiVersion,
    events,
  }));
}

const nowhere = "topdog_probe_of_no_object";

/** What a restricted key must be allowed, with a request for each that changes nothing: writes go to an id that does not exist. */
const probes: readonly (readonly [permission: string, probe: (sdk: Stripe) => Promise<unknown>])[] = [
  ["Customers: write", (sdk) => sdk.customers.update(`cus_${nowhere}`, {})],
  ["Subscriptions: write", (sdk) => sdk.subscriptions.update(`sub_${nowhere}`, {})],
  ["Subscription schedules: write", (sdk) => sdk.subscriptionSchedules.release(`sub_sched_${nowhere}`)],
  ["Checkout sessions: write", (sdk) => sdk.checkout.sessions.expire(`cs_${nowhere}`)],
  [
    "Customer portal: write",
    (sdk) => sdk.billingPortal.sessions.create({ customer: `cus_${nowhere}`, return_url: "https://example.test" }),
  ],
  ["Invoices: read", (sdk) => sdk.invoices.list({ limit: 1 })],
  ["Prices: read", (sdk) => sdk.prices.list({ limit: 1 })],
  ["Charges: read", (sdk) => sdk.charges.list({ limit: 1 })],
  ["Events: read", (sdk) => sdk.events.list({ limit: 1 })],
  ["Webhook endpoints: read", (sdk) => sdk.webhookEndpoints.list({ limit: 1 })],
];

export type Probe = readonly [permission: string, allowed: boolean];

/** Throws AppError when Stripe cannot be reached: then nothing is known. */
export async function probePermissions(stripe: StripeCaller): Promise<Probe[]> {
  const found: Probe[] = [];
  for (const [permission, probe] of probes) found.push([permission, await isAllowed(stripe, probe)]);
  return found;
}

async function isAllowed(stripe: StripeCaller, probe: (sdk: Stripe) => Promise<unknown>): Promise<boolean> {
  try {
    await stripe.call(probe);
    return true;
  } catch (error) {
    if (isPermissionError(error)) return false;
    // Refused for another reason: what it would have done is wrong, and it may be asked for.
    if (isMissing(error) || isRefused(error)) return true;
    throw error;
  }
}

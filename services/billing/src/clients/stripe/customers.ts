import type Stripe from "stripe";
import type { StripeSubscription } from "../../domain/stripe-subscription.ts";
import { fromStripeSubscription, idOf } from "./from-stripe.ts";
import type { StripeCaller } from "./stripe-caller.ts";
import { isMissing } from "./stripe-failure.ts";

/** Under which key Stripe's objects name the owner that they are for. */
export const ownerKey = "topdog_owner";

export interface StripeCustomer {
  readonly id: string;
  readonly deleted: boolean;
  /** Who it says that it is for; null when it says nothing. */
  readonly owner: string | null;
  readonly subscriptions: readonly StripeSubscription[];
}

const pageSize = 100;
/** Stripe allows 500 subscriptions of a customer. */
const maxSubscriptions = 500;
const expand = ["data.latest_invoice", "data.schedule", "data.discounts.source.coupon"];
/** Invoices that are looked at to find when an unpaid stretch began. */
const maxInvoices = 100;

export function createCustomer(stripe: StripeCaller, owner: string, idempotencyKey: string): Promise<string> {
  // Nothing that may differ in a replay: the same key with other parameters is an error.
  const params = { metadata: { [ownerKey]: owner } };
  return stripe.call(async (sdk) => (await sdk.customers.create(params, { idempotencyKey })).id);
}

/** A customer with all of its subscriptions, the ended ones too, as they are now. */
export async function readCustomer(stripe: StripeCaller, id: string): Promise<StripeCustomer> {
  const [customer, found] = await Promise.all([findCustomer(stripe, id), listSubscriptions(stripe, id)]);
  if (customer === null || customer.deleted === true) return { id, deleted: true, owner: null, subscriptions: [] };
  const subscriptions = await Promise.all(
    found.map(async (one) =>
      fromStripeSubscription(one, one.status === "past_due" ? await findUnpaidSince(stripe, one.id) : null),
    ),
  );
  return { id, deleted: false, owner: customer.metadata[ownerKey] ?? null, subscriptions };
}

async function findCustomer(
  stripe: StripeCaller,
  id: string,
): Promise<Stripe.Customer | Stripe.DeletedCustomer | null> {
  try {
    return await stripe.call((sdk) => sdk.customers.retrieve(id));
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

async function listSubscriptions(stripe: StripeCaller, customer: string): Promise<Stripe.Subscription[]> {
  try {
    return await stripe.call((sdk) =>
      sdk.subscriptions
        .list({ customer, status: "all", limit: pageSize, expand })
        .autoPagingToArray({ limit: maxSubscriptions }),
    );
  } catch (error) {
    // A customer that Stripe does not know has none.
    if (isMissing(error)) return [];
    throw error;
  }
}

/** When the first payment failed since the last one that succeeded: later failures do not move it. */
async function findUnpaidSince(stripe: StripeCaller, subscription: string): Promise<Date | null> {
  const { data } = await stripe.call((sdk) => sdk.invoices.list({ subscription, limit: maxInvoices }));
  let since: number | null = null;
  // The newest is first.
  for (const { status, created, amount_paid: cents, billing_reason: reason, status_transitions: transitions } of data) {
    // One over nothing, for a change in between, is no payment; a renewal that the balance covered is.
    if (status === "paid" && (cents > 0 || reason === "subscription_cycle")) break;
    if (status === "open" || status === "uncollectible") since = transitions.finalized_at ?? created;
  }
  return since === null ? null : new Date(since * 1000);
}

/** The customer that an object belongs to; null when it has none. For events that name only their object. */
export function customerOfObject(stripe: StripeCaller, path: string): Promise<string | null> {
  return stripe.call(async (sdk) => {
    const found = (await sdk.rawRequest("GET", path)) as { customer?: string | { id: string } | null };
    return idOf(found.customer);
  });
}

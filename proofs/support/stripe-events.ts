import { stripeApiVersion } from "@topdog/stripe-api/version";
import type { Stripe } from "stripe";

/** What an endpoint of another age, or another kind, would be sent: a version of each major that has changed what billing reads, and thin notifications. */
export const eventForms = ["2024-12-18.acacia", "2025-03-31.basil", "2025-09-30.clover", stripeApiVersion, "thin"];

export interface EventFacts {
  readonly id: string;
  readonly type: string;
  readonly subscription: Stripe.Subscription;
}

export interface SentEvent {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** An event about a subscription, or about its invoice, in one of the forms. What it says of the object is old and wrong, as it may be. */
export function eventInForm(form: string, { id, type, subscription }: EventFacts): SentEvent {
  const isInvoice = type.startsWith("invoice.");
  if (form === "thin") {
    const invoice = { id: subscription.latest_invoice as string, type: "invoice", url: "/v1/invoices/" };
    const related = isInvoice ? invoice : { id: subscription.id, type: "subscription", url: "/v1/subscriptions/" };
    return {
      object: "v2.core.event",
      id,
      type: `v1.${type}`,
      livemode: false,
      created: new Date(subscription.created * 1000).toISOString(),
      related_object: { ...related, url: `${related.url}${related.id}` },
    };
  }
  const object = isInvoice ? invoiceIn(form, subscription) : subscriptionIn(form, subscription);
  return {
    object: "event",
    id,
    type,
    api_version: form,
    livemode: false,
    created: subscription.created,
    pending_webhooks: 1,
    data: { object },
  };
}

/** The period was the subscription's own before basil, and is its items' since. */
function subscriptionIn(form: string, { id, customer, created }: Stripe.Subscription): object {
  const period = { current_period_start: created, current_period_end: created + 1 };
  const item = { id: "si_of_long_ago", object: "subscription_item", price: { id: "price_of_long_ago" }, quantity: 9 };
  const isOld = form.endsWith(".acacia");
  const items = { object: "list", data: [isOld ? item : { ...item, ...period }] };
  return { id, object: "subscription", customer, status: "incomplete", items, ...(isOld ? period : {}) };
}

/** What an invoice is for moved into its parent with basil. */
function invoiceIn(form: string, { id, customer, latest_invoice: invoice }: Stripe.Subscription): object {
  const isOld = form.endsWith(".acacia");
  const parent = { type: "subscription_details", subscription_details: { subscription: id } };
  return {
    id: invoice,
    object: "invoice",
    customer,
    status: "open",
    ...(isOld ? { subscription: id, paid: false } : { parent }),
  };
}

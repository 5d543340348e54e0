import type Stripe from "stripe";
import { z } from "zod";
import { pauseSubscription, resumeSubscription } from "../domain/pause.ts";
import { resolveMethod } from "../domain/payment-methods.ts";
import { invalid } from "../domain/stripe-error.ts";
import type { Tx } from "../domain/state.ts";
import { createSubscription } from "../domain/subscription-create.ts";
import { cancelSubscription } from "../domain/subscription-cancel.ts";
import { updateSubscription } from "../domain/subscription-update.ts";
import type { Subscription } from "../domain/types.ts";
import { endpoint } from "./api/endpoint.ts";
import {
  automaticTax,
  billingMode,
  bool,
  cancellationDetails,
  clearable,
  created,
  discounts,
  expand,
  id,
  int,
  metadata,
  paging,
  paramsOf,
  paymentBehavior,
  prorationBehavior,
  text,
  trialSettings,
} from "./api/fields.ts";
import { isWithin, pageOf } from "./api/list.ts";

const quantity = int.pipe(z.number().min(1).max(1_000_000));
const items = z
  .array(z.strictObject({ price: id, quantity: quantity.optional(), metadata: metadata.optional() }))
  .max(20);
const paymentSettings = z
  .strictObject({ save_default_payment_method: z.enum(["off", "on_subscription"]).optional() })
  .optional();

const createParams = paramsOf<Stripe.SubscriptionCreateParams>()({
  customer: id,
  items,
  metadata: metadata.optional(),
  description: text.optional(),
  trial_end: z.union([z.literal("now"), int]).optional(),
  trial_period_days: int.pipe(z.number().min(1).max(730)).optional(),
  trial_settings: trialSettings,
  billing_cycle_anchor: int.optional(),
  billing_mode: billingMode,
  proration_behavior: prorationBehavior.default("create_prorations"),
  payment_behavior: paymentBehavior.default("allow_incomplete"),
  payment_settings: paymentSettings,
  default_payment_method: id.optional(),
  discounts: clearable(discounts).optional(),
  automatic_tax: automaticTax,
  cancel_at_period_end: bool.default(false),
  cancel_at: int.optional(),
  collection_method: z.literal("charge_automatically").optional(),
  off_session: bool.optional(),
  expand,
});

function create(tx: Tx, params: z.output<typeof createParams>): Subscription {
  const { trial_end: trialEnd, trial_period_days: days, default_payment_method: method } = params;
  const trialUntil =
    days === undefined ? (trialEnd === "now" ? null : (trialEnd ?? null)) : tx.nowSeconds + days * 86_400;
  if (method !== undefined && resolveMethod(tx, method, "default_payment_method").customer !== params.customer)
    throw invalid(
      `The customer does not have a payment method with the ID ${method}.`,
      "default_payment_method",
      "resource_missing",
    );
  return createSubscription(tx, {
    customer: params.customer,
    items: params.items,
    metadata: params.metadata ?? {},
    description: params.description ?? null,
    trialEnd: trialUntil,
    missingPaymentMethod: params.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice",
    billingCycleAnchor: params.billing_cycle_anchor ?? null,
    prorationBehavior: params.proration_behavior,
    paymentBehavior: params.payment_behavior,
    defaultPaymentMethod: method ?? null,
    discounts: params.discounts ?? [],
    automaticTax: params.automatic_tax?.enabled ?? false,
    billingMode: params.billing_mode?.type ?? "flexible",
    cancelAtPeriodEnd: params.cancel_at_period_end,
    cancelAt: params.cancel_at ?? null,
  });
}

export const itemChanges = z
  .array(
    z.strictObject({
      id: id.optional(),
      price: id.optional(),
      quantity: quantity.optional(),
      deleted: bool.optional(),
      metadata: metadata.optional(),
    }),
  )
  .max(20);

const updateParams = paramsOf<Stripe.SubscriptionUpdateParams>()({
  items: itemChanges.default([]),
  metadata: metadata.optional(),
  description: clearable(text).optional(),
  trial_end: z.union([z.literal("now"), int]).optional(),
  trial_settings: trialSettings,
  billing_cycle_anchor: z.strictObject({ type: z.enum(["now", "unchanged"]) }).optional(),
  proration_behavior: prorationBehavior.default("create_prorations"),
  proration_date: int.optional(),
  payment_behavior: paymentBehavior.default("allow_incomplete"),
  payment_settings: paymentSettings,
  default_payment_method: id.optional(),
  discounts: clearable(discounts).optional(),
  automatic_tax: automaticTax,
  cancel_at_period_end: bool.optional(),
  cancel_at: clearable(z.union([z.enum(["min_period_end", "max_period_end"]), int])).optional(),
  cancellation_details: cancellationDetails,
  pause_collection: clearable(
    z.strictObject({ behavior: z.enum(["keep_as_draft", "mark_uncollectible", "void"]), resumes_at: int.optional() }),
  ).optional(),
  off_session: bool.optional(),
  expand,
});

function update(tx: Tx, subscription: string, params: z.output<typeof updateParams>): Subscription {
  const { pause_collection: pause } = params;
  return updateSubscription(tx, subscription, {
    items: params.items,
    prorationBehavior: params.proration_behavior,
    prorationDate: params.proration_date ?? null,
    anchorNow: params.billing_cycle_anchor?.type === "now",
    trialEnd: params.trial_end ?? null,
    paymentBehavior: params.payment_behavior,
    metadata: params.metadata,
    description: params.description,
    defaultPaymentMethod: params.default_payment_method,
    cancelAtPeriodEnd: params.cancel_at_period_end,
    cancelAt: params.cancel_at,
    comment: params.cancellation_details?.comment ?? undefined,
    feedback: params.cancellation_details?.feedback ?? undefined,
    discounts: params.discounts === null ? [] : params.discounts,
    pauseCollection:
      pause === null || pause === undefined
        ? pause
        : { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null },
    automaticTax: params.automatic_tax?.enabled,
    missingPaymentMethod: params.trial_settings?.end_behavior.missing_payment_method,
  });
}

const listParams = paramsOf<Stripe.SubscriptionListParams>()({
  ...paging,
  customer: id.optional(),
  price: id.optional(),
  status: z
    .enum([
      "active",
      "all",
      "canceled",
      "ended",
      "incomplete",
      "incomplete_expired",
      "past_due",
      "paused",
      "trialing",
      "unpaid",
    ])
    .optional(),
  created,
});

/** Without a status: all that have not been canceled. */
function hasStatus({ status }: Subscription, wanted: z.output<typeof listParams>["status"]): boolean {
  if (wanted === undefined) return status !== "canceled" && status !== "incomplete_expired";
  if (wanted === "all") return true;
  if (wanted === "ended") return status === "canceled" || status === "incomplete_expired";
  return status === wanted;
}

export const subscriptionEndpoints = [
  endpoint("POST", "/v1/subscriptions", createParams, (tx, { params }) => create(tx, params)),
  endpoint("GET", "/v1/subscriptions", listParams, (tx, { params }) =>
    pageOf(
      tx
        .all("subscription")
        .filter(
          (one) =>
            hasStatus(one, params.status) &&
            (params.customer === undefined || one.customer === params.customer) &&
            (params.price === undefined || one.items.data.some(({ price }) => price.id === params.price)) &&
            isWithin(one.created, params.created),
        ),
      params,
      "/v1/subscriptions",
    ),
  ),
  endpoint("GET", "/v1/subscriptions/:id", z.strictObject({ expand }), (tx, call) => tx.need("subscription", call.id)),
  endpoint("POST", "/v1/subscriptions/:id", updateParams, (tx, call) => update(tx, call.id, call.params)),
  endpoint(
    "DELETE",
    "/v1/subscriptions/:id",
    paramsOf<Stripe.SubscriptionCancelParams>()({
      cancellation_details: cancellationDetails,
      invoice_now: bool.default(false),
      prorate: bool.default(false),
      expand,
    }),
    (tx, call) => cancelSubscription(tx, call.id, call.params),
  ),
  endpoint(
    "POST",
    "/v1/subscriptions/:id/pause",
    paramsOf<Stripe.SubscriptionPauseParams>()({ type: z.literal("subscription").optional(), expand }),
    (tx, call) => pauseSubscription(tx, call.id),
  ),
  endpoint(
    "POST",
    "/v1/subscriptions/:id/resume",
    paramsOf<Stripe.SubscriptionResumeParams>()({
      billing_cycle_anchor: z.strictObject({ type: z.enum(["now", "unchanged"]) }).optional(),
      proration_behavior: prorationBehavior.default("create_prorations"),
      expand,
    }),
    (tx, call) => resumeSubscription(tx, call.id, call.params.billing_cycle_anchor?.type ?? "now"),
  ),
];

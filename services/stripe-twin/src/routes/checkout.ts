import type Stripe from "stripe";
import { z } from "zod";
import { createCheckout, expireCheckout } from "../domain/checkout.ts";
import { sessionLines } from "../domain/session-lines.ts";
import { endpoint } from "./api/endpoint.ts";
import {
  automaticTax,
  billingMode,
  bool,
  created,
  expand,
  id,
  int,
  metadata,
  paging,
  paramsOf,
  prorationBehavior,
  text,
  trialSettings,
  url,
} from "./api/fields.ts";
import { isWithin, pageOf } from "./api/list.ts";

const maxQuantity = 999_999;
const quantity = int.pipe(z.number().min(1).max(maxQuantity));
const lineItem = z
  .strictObject({
    price: id,
    quantity: quantity.default(1),
    adjustable_quantity: z
      .strictObject({ enabled: bool, minimum: int.optional(), maximum: quantity.optional() })
      .optional(),
  })
  .refine(
    ({ quantity: wanted, adjustable_quantity: range }) =>
      wanted >= (range?.minimum ?? 0) && wanted <= (range?.maximum ?? maxQuantity),
    "a quantity is not within its adjustable_quantity",
  );

const createParams = paramsOf<Stripe.Checkout.SessionCreateParams>()({
  mode: z.literal("subscription", "this twin sells subscriptions alone"),
  line_items: z.array(lineItem).max(20),
  customer: id.optional(),
  customer_email: text.optional(),
  customer_update: z
    .strictObject({
      address: z.enum(["auto", "never"]).optional(),
      name: z.enum(["auto", "never"]).optional(),
      shipping: z.enum(["auto", "never"]).optional(),
    })
    .optional(),
  client_reference_id: z.string().max(200).optional(),
  metadata: metadata.optional(),
  success_url: url,
  cancel_url: url.optional(),
  expires_at: int.optional(),
  automatic_tax: automaticTax,
  tax_id_collection: z.strictObject({ enabled: bool }).optional(),
  billing_address_collection: z.enum(["auto", "required"]).optional(),
  allow_promotion_codes: bool.default(false),
  discounts: z
    .array(z.strictObject({ coupon: id.optional(), promotion_code: id.optional() }))
    .max(1)
    .default([]),
  payment_method_collection: z.enum(["always", "if_required"]).default("always"),
  locale: text.optional(),
  subscription_data: z
    .strictObject({
      metadata: metadata.optional(),
      description: text.optional(),
      trial_end: int.optional(),
      trial_period_days: int.pipe(z.number().min(1).max(730)).optional(),
      trial_settings: trialSettings,
      billing_mode: billingMode,
      proration_behavior: prorationBehavior.optional(),
    })
    .prefault({}),
  expand,
});

export const checkoutEndpoints = [
  endpoint("POST", "/v1/checkout/sessions", createParams, (tx, { params }) =>
    createCheckout(tx, {
      items: params.line_items.map(({ price, quantity, adjustable_quantity: adjustable }) => ({
        price,
        quantity,
        adjustable: adjustable?.enabled ?? false,
        minimum: adjustable?.minimum ?? 1,
        maximum: adjustable?.maximum ?? 999_999,
      })),
      metadata: params.subscription_data.metadata ?? {},
      description: params.subscription_data.description ?? null,
      trialEnd: params.subscription_data.trial_end ?? null,
      trialDays: params.subscription_data.trial_period_days ?? null,
      missingPaymentMethod:
        params.subscription_data.trial_settings?.end_behavior.missing_payment_method ?? "create_invoice",
      discounts: params.discounts.map(({ coupon, promotion_code }) => ({
        ...(coupon === undefined ? {} : { coupon }),
        ...(promotion_code === undefined ? {} : { promotion_code }),
      })),
      customer: params.customer ?? null,
      customerEmail: params.customer_email ?? null,
      clientReferenceId: params.client_reference_id ?? null,
      sessionMetadata: params.metadata ?? {},
      successUrl: params.success_url,
      cancelUrl: params.cancel_url ?? null,
      expiresAt: params.expires_at ?? null,
      automaticTax: params.automatic_tax?.enabled ?? false,
      allowPromotionCodes: params.allow_promotion_codes,
      paymentMethodCollection: params.payment_method_collection,
      addressRequired: params.billing_address_collection === "required",
    }),
  ),
  endpoint(
    "GET",
    "/v1/checkout/sessions",
    paramsOf<Stripe.Checkout.SessionListParams>()({
      ...paging,
      customer: id.optional(),
      subscription: id.optional(),
      status: z.enum(["open", "complete", "expired"]).optional(),
      created,
    }),
    (tx, { params }) =>
      pageOf(
        tx
          .all("checkout.session")
          .filter(
            (one) =>
              (params.customer === undefined || one.customer === params.customer) &&
              (params.subscription === undefined || one.subscription === params.subscription) &&
              (params.status === undefined || one.status === params.status) &&
              isWithin(one.created, params.created),
          ),
        params,
        "/v1/checkout/sessions",
      ),
  ),
  endpoint("GET", "/v1/checkout/sessions/:id", z.strictObject({ expand }), (tx, call) =>
    tx.need("checkout.session", call.id),
  ),
  endpoint("POST", "/v1/checkout/sessions/:id/expire", z.strictObject({ expand }), (tx, call) =>
    expireCheckout(tx, call.id),
  ),
  endpoint("GET", "/v1/checkout/sessions/:id/line_items", z.strictObject(paging), (tx, call) =>
    pageOf(sessionLines(tx, call.id).toReversed(), call.params, `/v1/checkout/sessions/${call.id}/line_items`),
  ),
];

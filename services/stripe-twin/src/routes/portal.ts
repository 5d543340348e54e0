import type Stripe from "stripe";
import { z } from "zod";
import { createPortalSession } from "../domain/portal.ts";
import { addConfiguration } from "../domain/portal-configurations.ts";
import type { Tx } from "../domain/state.ts";
import type { PortalConfiguration } from "../domain/types.ts";
import { endpoint } from "./api/endpoint.ts";
import { bool, expand, id, int, metadata, paging, paramsOf, prorationBehavior, url } from "./api/fields.ts";
import { pageOf } from "./api/list.ts";

const product = z.strictObject({
  product: id,
  prices: z.array(id).min(1).max(20),
  adjustable_quantity: z
    .strictObject({ enabled: bool, minimum: int.default(1), maximum: int.optional() })
    .default({ enabled: false, minimum: 1 }),
});
const condition = z.strictObject({ type: z.enum(["decreasing_item_amount", "shortening_interval"]) });

const createParams = paramsOf<Stripe.BillingPortal.ConfigurationCreateParams>()({
  features: z.strictObject({
    invoice_history: z.strictObject({ enabled: bool }).optional(),
    payment_method_update: z.strictObject({ enabled: bool }).optional(),
    subscription_cancel: z
      .strictObject({ enabled: bool, mode: z.enum(["at_period_end", "immediately"]).default("at_period_end") })
      .optional(),
    subscription_update: z
      .strictObject({
        enabled: bool,
        default_allowed_updates: z.array(z.enum(["price", "quantity"])).optional(),
        products: z.array(product).max(10).default([]),
        proration_behavior: prorationBehavior.default("none"),
        schedule_at_period_end: z.strictObject({ conditions: z.array(condition).default([]) }).optional(),
      })
      .optional(),
  }),
  default_return_url: url.optional(),
  metadata: metadata.optional(),
  expand,
});

function create(tx: Tx, { features, ...params }: z.output<typeof createParams>): PortalConfiguration {
  const { subscription_update: update, subscription_cancel: cancel } = features;
  return addConfiguration(tx, tx.newId("bpc"), {
    defaultReturnUrl: params.default_return_url ?? null,
    metadata: params.metadata ?? {},
    cancel: cancel ?? { enabled: false, mode: "at_period_end" },
    update: {
      enabled: update?.enabled ?? false,
      prorationBehavior: update?.proration_behavior ?? "none",
      products: (update?.products ?? []).map((one) => ({
        ...one,
        adjustable_quantity: { ...one.adjustable_quantity, maximum: one.adjustable_quantity.maximum ?? null },
      })),
      conditions: update?.schedule_at_period_end?.conditions.map(({ type }) => type) ?? [],
    },
    paymentMethods: features.payment_method_update?.enabled ?? false,
    invoices: features.invoice_history?.enabled ?? false,
  });
}

const path = "/v1/billing_portal/configurations";

/** Stripe leaves the products out unless they are asked for. */
const shown = (configuration: PortalConfiguration, expanded: readonly string[] = []): PortalConfiguration => {
  if (expanded.some((one) => one.endsWith("features.subscription_update.products"))) return configuration;
  const { products: _products, ...update } = configuration.features.subscription_update;
  return { ...configuration, features: { ...configuration.features, subscription_update: update } };
};

export const portalEndpoints = [
  endpoint("POST", path, createParams, (tx, { params }) => shown(create(tx, params), params.expand)),
  endpoint(
    "GET",
    path,
    paramsOf<Stripe.BillingPortal.ConfigurationListParams>()({
      ...paging,
      active: bool.optional(),
      is_default: bool.optional(),
    }),
    (tx, { params }) => {
      const page = pageOf(
        tx
          .all("billing_portal.configuration")
          .filter(
            (one) =>
              (params.active === undefined || one.active === params.active) &&
              (params.is_default === undefined || one.is_default === params.is_default),
          ),
        params,
        path,
      );
      return { ...page, data: page.data.map((one) => shown(one, params.expand)) };
    },
  ),
  endpoint("GET", `${path}/:id`, z.strictObject({ expand }), (tx, call) =>
    shown(tx.need("billing_portal.configuration", call.id), call.params.expand),
  ),
  endpoint(
    "POST",
    `${path}/:id`,
    paramsOf<Stripe.BillingPortal.ConfigurationUpdateParams>()({ active: bool, expand }),
    (tx, call) => {
      const next = { ...tx.need("billing_portal.configuration", call.id), active: call.params.active };
      tx.put("billing_portal.configuration", next);
      return shown(next, call.params.expand);
    },
  ),
  endpoint(
    "POST",
    "/v1/billing_portal/sessions",
    paramsOf<Stripe.BillingPortal.SessionCreateParams>()({
      customer: id,
      configuration: id.optional(),
      return_url: url.optional(),
      expand,
    }),
    (tx, { params }) =>
      createPortalSession(tx, {
        customer: params.customer,
        configuration: params.configuration ?? null,
        returnUrl: params.return_url ?? null,
      }),
  ),
];

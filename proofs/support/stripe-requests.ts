import type { Stripe } from "stripe";

/** The parameters of each endpoint that billing uses, as the `stripe` package types them: made by Stripe from its OpenAPI of the version that we pin. */
interface ParamsOf {
  readonly "DELETE /v1/subscriptions/:id": Stripe.SubscriptionCancelParams;
  readonly "GET /v1/billing_portal/configurations": Stripe.BillingPortal.ConfigurationListParams;
  readonly "GET /v1/billing_portal/configurations/:id": Stripe.BillingPortal.ConfigurationRetrieveParams;
  readonly "GET /v1/charges": Stripe.ChargeListParams;
  readonly "GET /v1/charges/:id": Stripe.ChargeRetrieveParams;
  readonly "GET /v1/checkout/sessions/:id": Stripe.Checkout.SessionRetrieveParams;
  readonly "GET /v1/customers/:id": Stripe.CustomerRetrieveParams;
  readonly "GET /v1/events": Stripe.EventListParams;
  readonly "GET /v1/invoices": Stripe.InvoiceListParams;
  readonly "GET /v1/invoices/:id": Stripe.InvoiceRetrieveParams;
  readonly "GET /v1/prices": Stripe.PriceListParams;
  readonly "GET /v1/prices/:id": Stripe.PriceRetrieveParams;
  readonly "GET /v1/subscription_schedules/:id": Stripe.SubscriptionScheduleRetrieveParams;
  readonly "GET /v1/subscriptions": Stripe.SubscriptionListParams;
  readonly "GET /v1/subscriptions/:id": Stripe.SubscriptionRetrieveParams;
  readonly "GET /v1/webhook_endpoints": Stripe.WebhookEndpointListParams;
  readonly "POST /v1/billing_portal/sessions": Stripe.BillingPortal.SessionCreateParams;
  readonly "POST /v1/checkout/sessions": Stripe.Checkout.SessionCreateParams;
  readonly "POST /v1/checkout/sessions/:id/expire": Stripe.Checkout.SessionExpireParams;
  readonly "POST /v1/customers": Stripe.CustomerCreateParams;
  readonly "POST /v1/customers/:id": Stripe.CustomerUpdateParams;
  readonly "POST /v1/invoices/create_preview": Stripe.InvoiceCreatePreviewParams;
  readonly "POST /v1/subscription_schedules": Stripe.SubscriptionScheduleCreateParams;
  readonly "POST /v1/subscription_schedules/:id": Stripe.SubscriptionScheduleUpdateParams;
  readonly "POST /v1/subscription_schedules/:id/release": Stripe.SubscriptionScheduleReleaseParams;
  readonly "POST /v1/subscriptions/:id": Stripe.SubscriptionUpdateParams;
}

type Requests = { readonly [Call in keyof ParamsOf]: readonly ParamsOf[Call][] };

/**
 * Every shape of request that billing sends, without what differs from one to the next. The compiler checks all names and fixed words in them, nested
 * ones too; a proof in which billing sends another shape fails, and prints it.
 */
export const stripeRequests = {
  "DELETE /v1/subscriptions/:id": [{ invoice_now: false, prorate: false }],
  "GET /v1/billing_portal/configurations": [
    { expand: ["data.features.subscription_update.products"], is_default: true, limit: 1 },
  ],
  "GET /v1/billing_portal/configurations/:id": [{ expand: ["features.subscription_update.products"] }],
  "GET /v1/charges": [{ limit: 1 }],
  "GET /v1/charges/:id": [{}],
  "GET /v1/checkout/sessions/:id": [{}],
  "GET /v1/customers/:id": [{}],
  "GET /v1/events": [
    { limit: 1 },
    { created: { gte: 1 }, limit: 1 },
    { created: { gte: 1 }, delivery_success: false, limit: 1 },
    { created: { gte: 1 }, limit: 1, starting_after: "evt_1" },
  ],
  "GET /v1/invoices": [
    { customer: "cus_1", limit: 1 },
    { limit: 1, subscription: "sub_1" },
    { limit: 1 },
    { customer: "cus_1", limit: 1, starting_after: "in_1" },
  ],
  "GET /v1/invoices/:id": [{}],
  "GET /v1/prices": [{ limit: 1 }],
  "GET /v1/prices/:id": [{}],
  "GET /v1/subscription_schedules/:id": [{}],
  "GET /v1/subscriptions": [
    {
      customer: "cus_1",
      expand: ["data.latest_invoice", "data.schedule", "data.discounts.source.coupon"],
      limit: 1,
      status: "all",
    },
    { limit: 1, status: "all" },
    { limit: 1, starting_after: "sub_1", status: "all" },
    {
      customer: "cus_1",
      expand: ["data.latest_invoice", "data.schedule", "data.discounts.source.coupon"],
      limit: 1,
      starting_after: "sub_1",
      status: "all",
    },
  ],
  "GET /v1/subscriptions/:id": [{}],
  "GET /v1/webhook_endpoints": [{ limit: 1 }],
  "POST /v1/billing_portal/sessions": [
    { customer: "cus_1", return_url: "https://topdog.example" },
    { configuration: "bpc_1", customer: "cus_1", return_url: "https://topdog.example" },
  ],
  "POST /v1/checkout/sessions": [
    {
      allow_promotion_codes: true,
      cancel_url: "https://topdog.example",
      client_reference_id: "user:usr_1",
      customer: "cus_1",
      line_items: [{ adjustable_quantity: { enabled: true, maximum: 1, minimum: 1 }, price: "price_1", quantity: 1 }],
      mode: "subscription",
      subscription_data: { billing_mode: { type: "flexible" }, metadata: { topdog_owner: "user:usr_1" } },
      success_url: "https://topdog.example",
    },
    {
      allow_promotion_codes: true,
      cancel_url: "https://topdog.example",
      client_reference_id: "user:usr_1",
      customer: "cus_1",
      line_items: [{ price: "price_1", quantity: 1 }],
      mode: "subscription",
      subscription_data: { billing_mode: { type: "flexible" }, metadata: { topdog_owner: "user:usr_1" } },
      success_url: "https://topdog.example",
    },
    {
      allow_promotion_codes: true,
      automatic_tax: { enabled: true },
      cancel_url: "https://topdog.example",
      client_reference_id: "user:usr_1",
      customer: "cus_1",
      customer_update: { address: "auto", name: "auto" },
      line_items: [{ price: "price_1", quantity: 1 }],
      mode: "subscription",
      subscription_data: {
        billing_mode: { type: "flexible" },
        metadata: { topdog_owner: "user:usr_1" },
        trial_period_days: 1,
      },
      success_url: "https://topdog.example",
      tax_id_collection: { enabled: true },
    },
    {
      allow_promotion_codes: true,
      automatic_tax: { enabled: true },
      cancel_url: "https://topdog.example",
      client_reference_id: "user:usr_1",
      customer: "cus_1",
      customer_update: { address: "auto", name: "auto" },
      line_items: [{ price: "price_1", quantity: 1 }],
      mode: "subscription",
      subscription_data: { billing_mode: { type: "flexible" }, metadata: { topdog_owner: "user:usr_1" } },
      success_url: "https://topdog.example",
      tax_id_collection: { enabled: true },
    },
  ],
  "POST /v1/checkout/sessions/:id/expire": [{}],
  "POST /v1/customers": [{ metadata: { topdog_owner: "user:usr_1" } }],
  "POST /v1/customers/:id": [{}],
  "POST /v1/invoices/create_preview": [
    {
      subscription: "sub_1",
      subscription_details: {
        items: [{ id: "si_1", price: "price_1", quantity: 1 }],
        proration_behavior: "always_invoice",
        proration_date: 1,
      },
    },
  ],
  "POST /v1/subscription_schedules": [{ from_subscription: "sub_1" }],
  "POST /v1/subscription_schedules/:id": [
    {
      end_behavior: "release",
      phases: [
        { end_date: 1, items: [{ price: "price_1", quantity: 1 }], start_date: 1 },
        {
          duration: { interval: "month", interval_count: 1 },
          items: [{ price: "price_1", quantity: 1 }],
          proration_behavior: "none",
        },
      ],
    },
    {
      end_behavior: "release",
      phases: [
        {
          discounts: [{ discount: "di_1" }],
          end_date: 1,
          items: [{ price: "price_1", quantity: 1 }],
          start_date: 1,
          trial_end: 1,
        },
        {
          discounts: [{ discount: "di_1" }],
          duration: { interval: "year", interval_count: 1 },
          items: [{ price: "price_1", quantity: 1 }],
          proration_behavior: "none",
        },
      ],
    },
    {
      end_behavior: "release",
      phases: [
        { end_date: 1, items: [{ price: "price_1", quantity: 1 }], start_date: 1 },
        {
          duration: { interval: "year", interval_count: 1 },
          items: [{ price: "price_1", quantity: 1 }],
          proration_behavior: "none",
        },
      ],
    },
  ],
  "POST /v1/subscription_schedules/:id/release": [{}],
  "POST /v1/subscriptions/:id": [
    {
      items: [{ id: "si_1", price: "price_1", quantity: 1 }],
      payment_behavior: "pending_if_incomplete",
      proration_behavior: "always_invoice",
      proration_date: 1,
    },
    {},
    { cancel_at_period_end: false },
    { cancel_at_period_end: true },
    { cancel_at: "" },
  ],
} satisfies Requests;

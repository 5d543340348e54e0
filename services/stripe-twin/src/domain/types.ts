import type Stripe from "stripe";

/** An object as it goes over the wire: the SDK turns decimal strings into `Decimal` when it reads them. */
export type Wire<T> = T extends Stripe.Decimal
  ? string
  : T extends string
    ? T
    : T extends readonly (infer U)[]
      ? Wire<U>[]
      : T extends object
        ? { [K in keyof T]: Wire<T[K]> }
        : T;

/** As stored and sent when nothing is expanded: what the SDK types as "id or object" is an id. */
type Stored<T, Required extends keyof T, Nullable extends keyof T = never> = Omit<Wire<T>, Required | Nullable> & {
  [K in Required]: string;
} & { [K in Nullable]: string | null };

export interface List<T> {
  readonly object: "list";
  data: T[];
  has_more: boolean;
  url: string;
}

export type Customer = Wire<Stripe.Customer>;
export type Product = Wire<Stripe.Product>;
export type StripePlan = Stored<Stripe.Plan, "product">;
export type Price = Stored<Stripe.Price, "product">;
export type Coupon = Wire<Stripe.Coupon>;
export type PromotionCode = Wire<Stripe.PromotionCode>;
export type Discount = Omit<Stored<Stripe.Discount, never, "customer" | "promotion_code">, "source"> & {
  source: { coupon: string; type: "coupon" };
};
export type SubscriptionItem = Omit<Wire<Stripe.SubscriptionItem>, "price" | "plan" | "quantity" | "discounts"> & {
  price: Price;
  plan: StripePlan;
  quantity: number;
  discounts: string[];
};
export type Subscription = Omit<
  Stored<
    Stripe.Subscription,
    "customer",
    "default_payment_method" | "latest_invoice" | "schedule" | "pending_setup_intent"
  >,
  "items" | "discounts" | "pending_update"
> & {
  items: List<SubscriptionItem>;
  discounts: string[];
  pending_update:
    | (Omit<Wire<Stripe.Subscription.PendingUpdate>, "subscription_items"> & {
        subscription_items: SubscriptionItem[] | null;
      })
    | null;
};
export type InvoiceLine = Omit<Stored<Stripe.InvoiceLineItem, never, "subscription">, "discount_amounts" | "taxes"> & {
  discount_amounts: { amount: number; discount: string }[];
  taxes: Wire<Stripe.InvoiceLineItem.Tax>[];
};
export type Invoice = Omit<
  Stored<Stripe.Invoice, "customer", "default_payment_method">,
  "lines" | "parent" | "discounts" | "hosted_invoice_url" | "invoice_pdf" | "status"
> & {
  lines: List<InvoiceLine>;
  parent: {
    quote_details: null;
    subscription_details: {
      metadata: Record<string, string>;
      subscription: string;
      subscription_proration_date?: number;
    };
    type: "subscription_details";
  };
  discounts: string[];
  hosted_invoice_url: string | null;
  invoice_pdf: string | null;
  status: "draft" | "open" | "paid" | "void" | "uncollectible";
};
export type InvoiceItem = Stored<Stripe.InvoiceItem, "customer", "invoice">;
export type InvoicePayment = Omit<Stored<Stripe.InvoicePayment, "invoice">, "payment"> & {
  payment: { type: "payment_intent"; payment_intent: string };
};
export type PaymentIntent = Stored<Stripe.PaymentIntent, never, "customer" | "payment_method" | "latest_charge">;
export type PaymentMethod = Stored<Stripe.PaymentMethod, never, "customer">;
export type StripeCharge = Stored<Stripe.Charge, never, "customer" | "payment_intent">;
export type Refund = Stored<Stripe.Refund, "charge">;
export type CheckoutSession = Omit<
  Stored<Stripe.Checkout.Session, never, "customer" | "subscription" | "invoice">,
  "line_items"
>;
export type PortalConfiguration = Wire<Stripe.BillingPortal.Configuration>;
export type PortalSession = Stored<Stripe.BillingPortal.Session, "configuration">;
export type SchedulePhase = Omit<Wire<Stripe.SubscriptionSchedule.Phase>, "items"> & {
  items: {
    price: string;
    plan: string;
    quantity: number;
    billing_thresholds: null;
    discounts: [];
    metadata: null;
    tax_rates: [];
  }[];
};
export type Schedule = Omit<
  Stored<Stripe.SubscriptionSchedule, "customer", "subscription">,
  "phases" | "status" | "end_behavior"
> & {
  phases: SchedulePhase[];
  status: "not_started" | "active" | "completed" | "released" | "canceled";
  end_behavior: "release" | "cancel";
};
export type WebhookEndpoint = Omit<Wire<Stripe.WebhookEndpoint>, "secret">;
export type EventType = Stripe.Event["type"];
export interface StripeEvent {
  readonly id: string;
  readonly object: "event";
  readonly api_version: string;
  readonly created: number;
  readonly data: { readonly object: object; readonly previous_attributes?: object };
  readonly livemode: false;
  readonly pending_webhooks: number;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
  readonly type: EventType;
}

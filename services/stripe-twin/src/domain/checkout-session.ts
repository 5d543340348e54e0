import { invalid } from "./stripe-error.ts";
import type { CheckoutPlan } from "./records.ts";
import type { Tx } from "./state.ts";
import type { CheckoutSession } from "./types.ts";

export interface CheckoutOrder extends Omit<CheckoutPlan, "id" | "challenged" | "description"> {
  readonly description: string | null;
  readonly customer: string | null;
  readonly customerEmail: string | null;
  readonly clientReferenceId: string | null;
  readonly sessionMetadata: Record<string, string>;
  readonly successUrl: string;
  readonly cancelUrl: string | null;
  readonly expiresAt: number | null;
  readonly automaticTax: boolean;
  readonly allowPromotionCodes: boolean;
  readonly paymentMethodCollection: "always" | "if_required";
  readonly addressRequired: boolean;
}

/** One that can still be paid, or Stripe's refusal. */
export const openSession = (tx: Tx, id: string): CheckoutSession => {
  const session = tx.need("checkout.session", id);
  if (session.status !== "open")
    throw invalid("This checkout session is no longer open.", undefined, "checkout_session_not_open");
  return session;
};

/** A session as it is made, before its sums. */
export function emptySession(tx: Tx, id: string, order: CheckoutOrder, expiresAt: number): CheckoutSession {
  return {
    id,
    object: "checkout.session",
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: order.allowPromotionCodes,
    allowed_payment_method_types: null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: {
      enabled: order.automaticTax,
      liability: order.automaticTax ? { type: "self" } : null,
      provider: order.automaticTax ? "stripe" : null,
      status: order.automaticTax ? "requires_location_inputs" : null,
    },
    billing_address_collection: order.addressRequired ? "required" : null,
    cancel_url: order.cancelUrl,
    client_reference_id: order.clientReferenceId,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: tx.nowSeconds,
    currency: tx.need("price", order.items[0]!.price).currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer: order.customer,
    customer_account: null,
    customer_creation: order.customer === null ? "always" : null,
    customer_details: null,
    customer_email: order.customerEmail,
    discounts: order.discounts.map(({ coupon, promotion_code }) => ({
      coupon: coupon ?? null,
      promotion_code: promotion_code ?? null,
    })),
    expires_at: expiresAt,
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: null,
    managed_payments: null,
    metadata: order.sessionMetadata,
    mode: "subscription",
    optional_items: null,
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: order.paymentMethodCollection,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ["card", "us_bank_account"],
    payment_status: "unpaid",
    permissions: null,
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: "open",
    submit_type: null,
    subscription: null,
    success_url: order.successUrl,
    total_details: null,
    ui_mode: "hosted_page",
    url: `${tx.baseUrl}/pay/checkout/${id}`,
    wallet_options: null,
  };
}

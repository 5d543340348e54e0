import { endChallenge, expireIncomplete } from "./collect.ts";
import { redeemable } from "./coupons.ts";
import { createCustomer, updateCustomer } from "./customers.ts";
import { intentOf, totalsOf } from "./invoices.ts";
import { fullPiece, linesOf } from "./lines.ts";
import { setDefaultMethod } from "./payment-methods.ts";
import { behaviourOf } from "./payments.ts";
import { attachDecline } from "./cards.ts";
import { cardError, invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { createSubscription, type SubscriptionOrder } from "./subscription-create.ts";
import { newItem, recurringPrice } from "./subscriptions.ts";
import type { CheckoutPlan } from "./records.ts";
import type { CheckoutSession, PaymentMethod, Subscription } from "./types.ts";

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

const minExpirySeconds = 30 * 60;
const maxExpirySeconds = 86_400;

export function createCheckout(tx: Tx, order: CheckoutOrder): CheckoutSession {
  if (order.items.length === 0) throw invalid("Missing required param: line_items.", "line_items", "parameter_missing");
  order.items.forEach(({ price }, index) => recurringPrice(tx, price, `line_items[${index}][price]`));
  order.discounts.forEach((one, index) => redeemable(tx, one, `discounts[${index}]`));
  if (order.customer !== null) tx.need("customer", order.customer, "customer");
  const expiresAt = order.expiresAt ?? tx.nowSeconds + maxExpirySeconds;
  const left = expiresAt - tx.nowSeconds;
  if (left < minExpirySeconds || left > maxExpirySeconds)
    throw invalid("The `expires_at` timestamp must be between 30 minutes and 24 hours in the future.", "expires_at");
  const id = tx.newId("cs_test");
  const plan: CheckoutPlan = {
    id,
    items: order.items,
    metadata: order.metadata,
    trialEnd: order.trialEnd,
    trialDays: order.trialDays,
    missingPaymentMethod: order.missingPaymentMethod,
    discounts: order.discounts,
    description: order.description,
    challenged: null,
  };
  tx.put("checkout_plan", plan);
  const session = emptySession(tx, id, order, expiresAt);
  const priced = { ...session, ...sumsOf(tx, plan, order.automaticTax) };
  tx.put("checkout.session", priced);
  return priced;
}

/** What is due today, before the customer's location is known: tax is added when it is. */
export function sumsOf(tx: Tx, plan: CheckoutPlan, taxed: boolean) {
  const lines = checkoutLines(tx, plan, taxed ? tx.meta().settings.taxPercent : 0);
  const totals = totalsOf(lines);
  const discount = totals.discounts.reduce((sum, { amount }) => sum + amount, 0);
  return {
    amount_subtotal: totals.subtotal,
    amount_total: totals.total,
    total_details: { amount_discount: discount, amount_shipping: 0, amount_tax: totals.tax },
  };
}

export const hasTrial = (tx: Tx, { trialEnd, trialDays }: CheckoutPlan): boolean =>
  (trialDays ?? 0) > 0 || (trialEnd ?? 0) > tx.nowSeconds;

function checkoutLines(tx: Tx, plan: CheckoutPlan, taxPercent: number) {
  const trial = hasTrial(tx, plan);
  const span = { start: tx.nowSeconds, end: tx.nowSeconds };
  const pieces = plan.items.map((one, index) => {
    const piece = fullPiece(newItem(tx, "sub_preview", one, span, `line_items[${index}]`));
    return trial ? { ...piece, grossCents: 0 } : piece;
  });
  const discounts = plan.discounts.map((one, index) => ({
    id: `di_preview_${index}`,
    source: { coupon: redeemable(tx, one, `discounts[${index}]`).id, type: "coupon" as const },
  }));
  return linesOf(tx, pieces, [], {
    subscription: "sub_preview",
    metadata: {},
    discounts: discounts as never,
    taxPercent,
  });
}

/** Sets the quantity of a line that the customer may change. */
export function setQuantity(tx: Tx, id: string, index: number, quantity: number): void {
  const plan = tx.need("checkout_plan", id);
  const items = plan.items.map((one, at) => {
    if (at !== index || !one.adjustable) return one;
    return { ...one, quantity: Math.min(Math.max(quantity, one.minimum), one.maximum) };
  });
  tx.put("checkout_plan", { ...plan, items });
  const session = tx.need("checkout.session", id);
  tx.put("checkout.session", { ...session, ...sumsOf(tx, { ...plan, items }, session.automatic_tax.enabled) });
}

/** A code that the customer typed in; it takes the place of an earlier one. */
export function applyPromotion(tx: Tx, id: string, code: string): void {
  const session = openSession(tx, id);
  const promotion = tx.all("promotion_code").find((one) => one.code.toLowerCase() === code.toLowerCase());
  if (promotion === undefined) throw invalid("This code is invalid.", "promotion_code");
  const discounts = [{ promotion_code: promotion.id }];
  redeemable(tx, { promotion_code: promotion.id }, "promotion_code");
  const plan = { ...tx.need("checkout_plan", id), discounts };
  tx.put("checkout_plan", plan);
  tx.put("checkout.session", {
    ...session,
    discounts: [{ coupon: null, promotion_code: promotion.id }],
    ...sumsOf(tx, plan, session.automatic_tax.enabled),
  });
}

export interface Payer {
  readonly email: string;
  readonly name: string;
  readonly country: string;
}

const openSession = (tx: Tx, id: string): CheckoutSession => {
  const session = tx.need("checkout.session", id);
  if (session.status !== "open")
    throw invalid("This checkout session is no longer open.", undefined, "checkout_session_not_open");
  return session;
};

export type CheckoutStep = { readonly kind: "complete" } | { readonly kind: "challenge" };

/** The customer confirms. A card that is declined ends the request, and nothing has happened. */
export function payCheckout(tx: Tx, id: string, payer: Payer, makeMethod: (() => PaymentMethod) | null): CheckoutStep {
  const session = openSession(tx, id);
  const plan = tx.need("checkout_plan", id);
  if (plan.challenged !== null) forgetAttempt(tx, plan.challenged);
  const customer = session.customer ?? createCustomer(tx, { email: payer.email, name: payer.name }).id;
  updateCustomer(tx, customer, { email: payer.email, name: payer.name, address: { country: payer.country } });
  const method = makeMethod?.() ?? null;
  const subscription = subscribe(tx, plan, {
    customer,
    session,
    method: method === null ? null : attach(tx, customer, method),
  });
  if (subscription.status === "incomplete") refuseOrWait(tx, subscription, plan, session, payer, customer);
  if (tx.need("subscription", subscription.id).status === "incomplete") return { kind: "challenge" };
  completeSession(tx, { id, payer, customer, subscription: subscription.id });
  return { kind: "complete" };
}

function attach(tx: Tx, customer: string, method: PaymentMethod): string {
  const refused = attachDecline(behaviourOf(tx, method.id));
  if (refused !== null) throw cardError(refused.code, refused.declineCode, refused.message, {});
  const attached: PaymentMethod = { ...method, customer };
  tx.put("payment_method", attached);
  tx.emit("payment_method.attached", attached);
  return method.id;
}

function subscribe(
  tx: Tx,
  plan: CheckoutPlan,
  facts: { customer: string; session: CheckoutSession; method: string | null },
): Subscription {
  const trialEnd = plan.trialDays === null ? plan.trialEnd : tx.nowSeconds + plan.trialDays * 86_400;
  const order: SubscriptionOrder = {
    customer: facts.customer,
    items: plan.items.map(({ price, quantity }) => ({ price, quantity })),
    metadata: { ...plan.metadata },
    description: plan.description,
    trialEnd: trialEnd !== null && trialEnd > tx.nowSeconds ? trialEnd : null,
    missingPaymentMethod: plan.missingPaymentMethod,
    billingCycleAnchor: null,
    prorationBehavior: "create_prorations",
    paymentBehavior: "allow_incomplete",
    defaultPaymentMethod: facts.method,
    discounts: plan.discounts,
    automaticTax: facts.session.automatic_tax.enabled,
    billingMode: "flexible",
    cancelAtPeriodEnd: false,
    cancelAt: null,
  };
  return createSubscription(tx, order);
}

function refuseOrWait(
  tx: Tx,
  subscription: Subscription,
  plan: CheckoutPlan,
  session: CheckoutSession,
  payer: Payer,
  customer: string,
): void {
  const intentId = subscription.latest_invoice === null ? null : intentOf(tx, subscription.latest_invoice);
  const intent = intentId === null ? undefined : tx.find("payment_intent", intentId);
  if (intent?.status !== "requires_action") {
    const error = intent?.last_payment_error;
    throw cardError(
      error?.code ?? "card_declined",
      error?.decline_code ?? null,
      error?.message ?? "Your card was declined.",
      {},
    );
  }
  tx.put("checkout_plan", { ...plan, challenged: subscription.id });
  tx.put("checkout.session", { ...session, customer, customer_details: detailsOf(payer) });
}

/** The bank's challenge of a checkout: passed, the purchase is complete; failed, the customer may pay in another way. */
export function endCheckoutChallenge(tx: Tx, id: string, passed: boolean): void {
  const session = openSession(tx, id);
  const plan = tx.need("checkout_plan", id);
  if (plan.challenged === null || session.customer === null) return;
  const subscription = tx.need("subscription", plan.challenged);
  const intent = subscription.latest_invoice === null ? null : intentOf(tx, subscription.latest_invoice);
  if (intent === null) return;
  endChallenge(tx, intent, passed);
  tx.put("checkout_plan", { ...plan, challenged: null });
  const { customer_details: details } = session;
  if (!passed) return forgetAttempt(tx, subscription.id);
  const payer = { email: details?.email ?? "", name: details?.name ?? "", country: details?.address?.country ?? "" };
  completeSession(tx, { id, payer, customer: session.customer, subscription: subscription.id });
}

/** An attempt that did not come to a payment leaves nothing that could be paid later. */
function forgetAttempt(tx: Tx, subscription: string): void {
  if (tx.need("subscription", subscription).status === "incomplete") expireIncomplete(tx, subscription);
}

const detailsOf = ({ email, name, country }: Payer): CheckoutSession["customer_details"] => ({
  address: { city: null, country, line1: null, line2: null, postal_code: null, state: null },
  business_name: null,
  email,
  individual_name: null,
  name,
  phone: null,
  tax_exempt: "none",
  tax_ids: [],
});

interface Completion {
  readonly id: string;
  readonly payer: Payer;
  readonly customer: string;
  readonly subscription: string;
}

function completeSession(tx: Tx, { id, payer, customer, subscription: subscriptionId }: Completion): void {
  const subscription = tx.need("subscription", subscriptionId);
  const { default_payment_method: method, latest_invoice: invoiceId } = subscription;
  if (method !== null) setDefaultMethod(tx, customer, method);
  const invoice = invoiceId === null ? undefined : tx.find("invoice", invoiceId);
  const settled = invoice?.status === "paid" ? "paid" : "unpaid";
  const session = tx.need("checkout.session", id);
  const done: CheckoutSession = {
    ...session,
    status: "complete",
    payment_status: (invoice?.amount_due ?? 0) === 0 ? "no_payment_required" : settled,
    customer,
    customer_details: detailsOf(payer),
    subscription: subscription.id,
    invoice: invoiceId,
    url: null,
    ...(invoice === undefined ? {} : { amount_total: invoice.total, amount_subtotal: invoice.subtotal }),
  };
  tx.put("checkout.session", done);
  tx.emit("checkout.session.completed", done);
}

export function expireCheckout(tx: Tx, id: string): CheckoutSession {
  const session = openSession(tx, id);
  const expired: CheckoutSession = { ...session, status: "expired", url: null };
  tx.put("checkout.session", expired);
  tx.emit("checkout.session.expired", expired);
  return expired;
}

/** A bank debit that a checkout started was settled, or refused. */
export function afterDebit(tx: Tx, intent: string, passed: boolean): void {
  const session = tx
    .all("checkout.session")
    .find((one) => one.payment_status === "unpaid" && one.invoice !== null && intentOf(tx, one.invoice) === intent);
  if (session === undefined || session.status !== "complete") return;
  const next: CheckoutSession = passed ? { ...session, payment_status: "paid" } : session;
  tx.put("checkout.session", next);
  tx.emit(passed ? "checkout.session.async_payment_succeeded" : "checkout.session.async_payment_failed", next);
}

function emptySession(tx: Tx, id: string, order: CheckoutOrder, expiresAt: number): CheckoutSession {
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

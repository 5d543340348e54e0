import { attachDecline } from "./cards.ts";
import { openSession } from "./checkout-session.ts";
import { endChallenge, expireIncomplete } from "./collect.ts";
import { createCustomer, updateCustomer } from "./customers.ts";
import { intentOf } from "./invoices.ts";
import { setDefaultMethod } from "./payment-methods.ts";
import { behaviourOf } from "./payments.ts";
import { cardError } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import { createSubscription, type SubscriptionOrder } from "./subscription-create.ts";
import type { CheckoutPlan } from "./records.ts";
import type { CheckoutSession, PaymentMethod, Subscription } from "./types.ts";

export interface Payer {
  readonly email: string;
  readonly name: string;
  readonly country: string;
}

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

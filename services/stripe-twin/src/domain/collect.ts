import { bankDebitDecline, type Decline } from "./cards.ts";
import { finalizeInvoice, intentOf, markPaid, voidInvoice } from "./invoices.ts";
import { type PaymentAttempt, behaviourOf, confirmIntent, decline, succeed } from "./payments.ts";
import { applyPendingChange } from "./pending-change.ts";
import { invalid } from "./stripe-error.ts";
import { endSubscription } from "./subscription-end.ts";
import { chargedMethod, isEnded, saveSubscription, withStatus } from "./subscriptions.ts";
import type { Tx } from "./state.ts";
import type { Invoice, Subscription } from "./types.ts";

export type Collected = PaymentAttempt | { readonly kind: "no_payment_method" };

const daySeconds = 86_400;

const subscriptionOf = (tx: Tx, invoice: Invoice): Subscription =>
  tx.need("subscription", invoice.parent.subscription_details.subscription);

/** Finalises a draft and charges for it. */
export function collectDraft(tx: Tx, id: string): Collected {
  const invoice = finalizeInvoice(tx, id);
  return collectOpen(tx, invoice.id);
}

/** An invoice that can be paid now, or Stripe's refusal: nothing is charged twice. */
export function payableInvoice(tx: Tx, id: string): Invoice {
  const invoice = tx.need("invoice", id);
  if (invoice.status === "paid") throw invalid("Invoice is already paid", undefined, "invoice_already_paid");
  if (invoice.status !== "open") throw invalid(`This invoice is ${invoice.status}: it cannot be paid.`);
  const intent = intentOf(tx, id);
  if (intent !== null && tx.find("payment_intent", intent)?.status === "processing")
    throw invalid("A payment of this invoice is under way.", undefined, "payment_intent_unexpected_state");
  return invoice;
}

/** One attempt to pay an open invoice, with everything that follows from its outcome for the subscription. */
export function collectOpen(tx: Tx, id: string, paymentMethod?: string): Collected {
  const invoice = payableInvoice(tx, id);
  if (invoice.amount_due === 0) {
    afterPaid(tx, markPaid(tx, id));
    return { kind: "succeeded" };
  }
  const intent = intentOf(tx, id);
  if (intent === null) throw new Error(`open invoice ${id} has no payment intent`);
  const method = paymentMethod ?? chargedMethod(tx, subscriptionOf(tx, invoice));
  if (method === null) {
    afterFailed(tx, id);
    return { kind: "no_payment_method" };
  }
  const attempt = confirmIntent(tx, intent, method);
  follow(tx, id, attempt.kind);
  return attempt;
}

function follow(tx: Tx, id: string, outcome: PaymentAttempt["kind"]): void {
  if (outcome === "succeeded") afterPaid(tx, markPaid(tx, id));
  else if (outcome === "processing") afterProcessing(tx, id);
  else afterFailed(tx, id, outcome === "challenge");
}

/** The subscription becomes what its paid invoice makes of it. */
export function afterPaid(tx: Tx, invoice: Invoice): void {
  applyPendingChange(tx, invoice.id);
  const subscription = subscriptionOf(tx, invoice);
  const waits = ["incomplete", "past_due", "unpaid"].includes(subscription.status);
  if (waits && subscription.latest_invoice === invoice.id) withStatus(tx, subscription.id, "active");
}

/** The customer's bank may still refuse: Stripe gives access meanwhile. */
function afterProcessing(tx: Tx, id: string): void {
  const invoice = tx.need("invoice", id);
  tx.put("invoice", {
    ...invoice,
    attempted: true,
    attempt_count: invoice.attempt_count + 1,
    next_payment_attempt: null,
  });
  const subscription = subscriptionOf(tx, invoice);
  if (subscription.status === "incomplete") withStatus(tx, subscription.id, "active");
}

function afterFailed(tx: Tx, id: string, needsCustomer = false): void {
  const before = tx.need("invoice", id);
  const { retryDays } = tx.meta().settings;
  const renews = before.billing_reason === "subscription_cycle";
  const wait = renews ? retryDays[before.attempt_count] : undefined;
  const failed: Invoice = {
    ...before,
    attempted: true,
    attempt_count: before.attempt_count + 1,
    next_payment_attempt: wait === undefined ? null : tx.nowSeconds + wait * daySeconds,
  };
  tx.put("invoice", failed);
  if (needsCustomer) tx.emit("invoice.payment_action_required", failed);
  tx.emit("invoice.payment_failed", failed);
  const subscription = subscriptionOf(tx, failed);
  if (isEnded(subscription) || subscription.status === "incomplete" || tx.find("pending_change", id) !== undefined)
    return;
  if (subscription.status === "active") withStatus(tx, subscription.id, "past_due");
  if (renews && wait === undefined) giveUp(tx, failed);
}

/** The last retry failed. */
function giveUp(tx: Tx, invoice: Invoice): void {
  const { afterRetries } = tx.meta().settings;
  const subscription = subscriptionOf(tx, invoice);
  tx.put("invoice", { ...invoice, auto_advance: false });
  if (afterRetries === "unpaid") withStatus(tx, subscription.id, "unpaid");
  if (afterRetries === "cancel") endSubscription(tx, subscription.id, { reason: "payment_failed" });
}

/** An invoice that its subscription's payment intent pays; undefined for none. */
export function invoiceOfIntent(tx: Tx, intent: string): Invoice | undefined {
  const payment = tx.all("invoice_payment").find((one) => one.payment.payment_intent === intent);
  return payment === undefined ? undefined : tx.find("invoice", payment.invoice);
}

const authenticationFailed: Decline = {
  code: "payment_intent_authentication_failure",
  declineCode: null,
  message: "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
};

/** The customer passed the bank's challenge, or failed it. */
export function endChallenge(tx: Tx, intentId: string, passed: boolean): void {
  const intent = tx.need("payment_intent", intentId);
  if (intent.status !== "requires_action" || intent.payment_method === null) return;
  const invoice = invoiceOfIntent(tx, intentId);
  if (passed) {
    if (behaviourOf(tx, intent.payment_method) === "challenge_once")
      tx.put("card", { id: intent.payment_method, behaviour: "ok" });
    succeed(tx, intentId);
    if (invoice?.status === "open") afterPaid(tx, markPaid(tx, invoice.id));
  } else {
    decline(tx, intentId, authenticationFailed);
    if (invoice?.status === "open") afterFailed(tx, invoice.id);
  }
}

/** The bank settled a debit, or refused it. */
export function settleProcessing(tx: Tx, intentId: string): boolean {
  const intent = tx.need("payment_intent", intentId);
  tx.remove("settlement", intentId);
  if (intent.status !== "processing") return false;
  const passed = intent.payment_method !== null && behaviourOf(tx, intent.payment_method) !== "bank_debit_fails";
  const invoice = invoiceOfIntent(tx, intentId);
  if (passed) succeed(tx, intentId);
  else decline(tx, intentId, bankDebitDecline);
  if (invoice?.status !== "open") return passed;
  if (passed) afterPaid(tx, markPaid(tx, invoice.id));
  else afterFailed(tx, invoice.id);
  return passed;
}

/** 23 hours without the first payment: the subscription never comes to be. */
export function expireIncomplete(tx: Tx, id: string): void {
  const subscription = tx.need("subscription", id);
  if (subscription.latest_invoice !== null && tx.find("invoice", subscription.latest_invoice)?.status === "open")
    voidInvoice(tx, subscription.latest_invoice);
  saveSubscription(tx, { ...tx.need("subscription", id), status: "incomplete_expired", ended_at: tx.nowSeconds });
}

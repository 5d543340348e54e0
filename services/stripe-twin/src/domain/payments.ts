import { type CardBehaviour, chargeOutcome, type Decline } from "./cards.ts";
import type { Tx } from "./state.ts";
import type { StripeCharge, PaymentIntent, PaymentMethod } from "./types.ts";

export interface PaymentOrder {
  readonly amountCents: number;
  readonly currency: string;
  readonly customer: string;
  readonly description: string;
}

export function createIntent(tx: Tx, { amountCents, currency, customer, description }: PaymentOrder): PaymentIntent {
  const id = tx.newId("pi");
  const intent: PaymentIntent = {
    id,
    object: "payment_intent",
    allowed_payment_method_types: null,
    amount: amountCents,
    amount_capturable: 0,
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic",
    client_secret: `${id}_secret_twin`,
    confirmation_method: "automatic",
    created: tx.nowSeconds,
    currency,
    customer,
    customer_account: null,
    description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ["card", "us_bank_account"],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: "off_session",
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "requires_payment_method",
    transfer_group: null,
  };
  tx.put("payment_intent", intent);
  tx.emit("payment_intent.created", intent);
  return intent;
}

export type PaymentAttempt =
  | { readonly kind: "succeeded" | "processing" | "challenge" }
  | { readonly kind: "declined"; readonly decline: Decline };

export const behaviourOf = (tx: Tx, paymentMethod: string): CardBehaviour =>
  tx.find("card", paymentMethod)?.behaviour ?? "ok";

/** Charges an intent. */
export function confirmIntent(tx: Tx, intentId: string, paymentMethod: string): PaymentAttempt {
  const outcome = chargeOutcome(behaviourOf(tx, paymentMethod));
  const intent: PaymentIntent = { ...tx.need("payment_intent", intentId), payment_method: paymentMethod };
  tx.put("payment_intent", intent);
  switch (outcome.kind) {
    case "succeeded":
      succeed(tx, intentId);
      break;
    case "declined":
      decline(tx, intentId, outcome.decline);
      break;
    case "processing": {
      const processing: PaymentIntent = { ...intent, status: "processing", next_action: null };
      tx.put("payment_intent", processing);
      tx.put("settlement", { id: intentId, dueSeconds: tx.nowSeconds + tx.meta().settings.bankDebitSeconds });
      tx.emit("payment_intent.processing", processing);
      break;
    }
    case "challenge": {
      const url = `${tx.baseUrl}/pay/3d-secure/${intentId}`;
      const waiting: PaymentIntent = {
        ...intent,
        status: "requires_action",
        next_action: { type: "redirect_to_url", redirect_to_url: { url, return_url: null } },
      };
      tx.put("payment_intent", waiting);
      tx.emit("payment_intent.requires_action", waiting);
      break;
    }
  }
  return outcome;
}

export function succeed(tx: Tx, intentId: string): void {
  const intent = tx.need("payment_intent", intentId);
  const charge = addCharge(tx, intent, null);
  const paid: PaymentIntent = {
    ...intent,
    status: "succeeded",
    amount_received: intent.amount,
    latest_charge: charge.id,
    next_action: null,
    last_payment_error: null,
  };
  tx.put("payment_intent", paid);
  tx.emit("charge.succeeded", charge);
  tx.emit("payment_intent.succeeded", paid);
}

export function decline(tx: Tx, intentId: string, reason: Decline): void {
  const intent = tx.need("payment_intent", intentId);
  const charge = addCharge(tx, intent, reason);
  const method = intent.payment_method === null ? undefined : tx.find("payment_method", intent.payment_method);
  const failed: PaymentIntent = {
    ...intent,
    status: "requires_payment_method",
    latest_charge: charge.id,
    next_action: null,
    last_payment_error: {
      type: "card_error",
      code: reason.code as "card_declined",
      ...(reason.declineCode === null ? {} : { decline_code: reason.declineCode }),
      message: reason.message,
      charge: charge.id,
      ...(method === undefined ? {} : { payment_method: method }),
    },
    payment_method: null,
  };
  tx.put("payment_intent", failed);
  tx.emit("charge.failed", charge);
  tx.emit("payment_intent.payment_failed", failed);
}

export function cancelIntent(tx: Tx, intentId: string): void {
  const intent = tx.need("payment_intent", intentId);
  if (intent.status === "succeeded" || intent.status === "canceled") return;
  const canceled: PaymentIntent = {
    ...intent,
    status: "canceled",
    canceled_at: tx.nowSeconds,
    cancellation_reason: "void_invoice",
    next_action: null,
  };
  tx.put("payment_intent", canceled);
  tx.emit("payment_intent.canceled", canceled);
}

const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

function cardDetails(method: PaymentMethod | undefined): StripeCharge["payment_method_details"] {
  if (method?.card === undefined) return { type: method?.type ?? "card" };
  const { brand, last4, exp_month, exp_year, funding, country } = method.card;
  return {
    type: "card",
    card: { brand, last4, exp_month, exp_year, funding, country, checks: null } as NonNullable<
      NonNullable<StripeCharge["payment_method_details"]>["card"]
    >,
  };
}

function addCharge(tx: Tx, intent: PaymentIntent, reason: Decline | null): StripeCharge {
  const method = intent.payment_method === null ? undefined : tx.find("payment_method", intent.payment_method);
  const charge: StripeCharge = {
    id: tx.newId("ch"),
    object: "charge",
    amount: intent.amount,
    amount_captured: reason === null ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method?.billing_details ?? {
      address: noAddress,
      email: null,
      name: null,
      phone: null,
      tax_id: null,
    },
    calculated_statement_descriptor: "TOP DOG TWIN",
    captured: reason === null,
    created: tx.nowSeconds,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: reason?.code ?? null,
    failure_message: reason?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: null,
    paid: reason === null,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    payment_method_details: cardDetails(method),
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: reason === null ? "succeeded" : "failed",
    transfer_data: null,
    transfer_group: null,
  };
  tx.put("charge", charge);
  return charge;
}

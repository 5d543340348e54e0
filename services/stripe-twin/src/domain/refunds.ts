import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { StripeCharge, Refund } from "./types.ts";

export interface RefundOrder {
  readonly charge?: string | undefined;
  readonly payment_intent?: string | undefined;
  readonly amount?: number | undefined;
  readonly reason?: "duplicate" | "fraudulent" | "requested_by_customer" | undefined;
  readonly metadata?: Record<string, string> | undefined;
}

function chargeOf(tx: Tx, { charge, payment_intent: intent }: RefundOrder): StripeCharge {
  if (charge !== undefined) return tx.need("charge", charge, "charge");
  if (intent === undefined) throw invalid("One of charge and payment_intent is needed.", "charge", "parameter_missing");
  const latest = tx.need("payment_intent", intent, "payment_intent").latest_charge;
  if (latest === null)
    throw invalid("This PaymentIntent does not have a successful charge to refund.", "payment_intent");
  return tx.need("charge", latest);
}

/** Gives money back; the invoice and its subscription stay as they are. */
export function refundCharge(tx: Tx, order: RefundOrder): Refund {
  const charge = chargeOf(tx, order);
  if (charge.status !== "succeeded") throw invalid(`Charge ${charge.id} has failed and cannot be refunded.`, "charge");
  const left = charge.amount - charge.amount_refunded;
  const amount = order.amount ?? left;
  if (left === 0) throw invalid(`Charge ${charge.id} has already been refunded.`, "charge", "charge_already_refunded");
  if (amount > left) throw invalid(`Refund amount (${amount}) is greater than unrefunded amount (${left}).`, "amount");
  const refund: Refund = {
    id: tx.newId("re"),
    object: "refund",
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: tx.nowSeconds,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    metadata: order.metadata ?? {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: order.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
  };
  tx.put("refund", refund);
  const refunded = charge.amount_refunded + amount;
  const next: StripeCharge = { ...charge, amount_refunded: refunded, refunded: refunded === charge.amount };
  tx.put("charge", next);
  tx.emit("charge.refunded", next, { amount_refunded: charge.amount_refunded });
  tx.emit("refund.created", refund);
  return refund;
}

/** What becomes of a payment with a card. */
export type CardBehaviour =
  | "ok"
  /** Asks for 3-D Secure once, while the customer is there; afterwards charges succeed without. */
  | "challenge_once"
  | "challenge_always"
  /** Can be saved; every charge fails. */
  | "attach_then_fail"
  | "declined"
  | "insufficient_funds"
  | "expired_card"
  | "incorrect_cvc"
  | "processing_error"
  /** A bank debit: it is settled days later. */
  | "bank_debit"
  | "bank_debit_fails";

export interface TestCard {
  readonly number: string;
  /** Stripe's name of a payment method that stands for it. */
  readonly alias: string;
  readonly brand: string;
  readonly behaviour: CardBehaviour;
  readonly meaning: string;
}

export const testCards: readonly TestCard[] = [
  { number: "4242424242424242", alias: "pm_card_visa", brand: "visa", behaviour: "ok", meaning: "succeeds" },
  {
    number: "5555555555554444",
    alias: "pm_card_mastercard",
    brand: "mastercard",
    behaviour: "ok",
    meaning: "succeeds",
  },
  {
    number: "4000002500003155",
    alias: "pm_card_authenticationRequiredOnSetup",
    brand: "visa",
    behaviour: "challenge_once",
    meaning: "asks for 3-D Secure at the first payment",
  },
  {
    number: "4000002760003184",
    alias: "pm_card_authenticationRequired",
    brand: "visa",
    behaviour: "challenge_always",
    meaning: "asks for 3-D Secure at every payment",
  },
  {
    number: "4000000000000002",
    alias: "pm_card_chargeDeclined",
    brand: "visa",
    behaviour: "declined",
    meaning: "is declined",
  },
  {
    number: "4000000000009995",
    alias: "pm_card_chargeDeclinedInsufficientFunds",
    brand: "visa",
    behaviour: "insufficient_funds",
    meaning: "is declined: insufficient funds",
  },
  {
    number: "4000000000000341",
    alias: "pm_card_chargeCustomerFail",
    brand: "visa",
    behaviour: "attach_then_fail",
    meaning: "can be saved, then every charge fails",
  },
  {
    number: "4000000000000069",
    alias: "pm_card_chargeDeclinedExpiredCard",
    brand: "visa",
    behaviour: "expired_card",
    meaning: "is declined: expired",
  },
  {
    number: "4000000000000127",
    alias: "pm_card_chargeDeclinedIncorrectCvc",
    brand: "visa",
    behaviour: "incorrect_cvc",
    meaning: "is declined: wrong security code",
  },
  {
    number: "4000000000000119",
    alias: "pm_card_chargeDeclinedProcessingError",
    brand: "visa",
    behaviour: "processing_error",
    meaning: "is declined: processing error",
  },
];

export const bankDebits = [
  { alias: "pm_usBankAccount_success", last4: "6789", behaviour: "bank_debit" },
  { alias: "pm_usBankAccount_insufficientFunds", last4: "2227", behaviour: "bank_debit_fails" },
] as const satisfies readonly { alias: string; last4: string; behaviour: CardBehaviour }[];

export interface Decline {
  readonly code: string;
  readonly declineCode: string | null;
  readonly message: string;
}

const declined = (declineCode: string, message = "Your card was declined."): Decline => ({
  code: "card_declined",
  declineCode,
  message,
});
const declines: Partial<Record<CardBehaviour, Decline>> = {
  declined: declined("generic_decline"),
  attach_then_fail: declined("generic_decline"),
  insufficient_funds: declined("insufficient_funds", "Your card has insufficient funds."),
  expired_card: { code: "expired_card", declineCode: "expired_card", message: "Your card has expired." },
  incorrect_cvc: {
    code: "incorrect_cvc",
    declineCode: "incorrect_cvc",
    message: "Your card's security code is incorrect.",
  },
  processing_error: {
    code: "processing_error",
    declineCode: "processing_error",
    message: "An error occurred while processing your card. Try again in a little bit.",
  },
};

export const bankDebitDecline: Decline = {
  code: "payment_intent_payment_attempt_failed",
  declineCode: "insufficient_funds",
  message: "The customer's bank account has insufficient funds.",
};

export type ChargeOutcome = { kind: "succeeded" | "processing" | "challenge" } | { kind: "declined"; decline: Decline };

export function chargeOutcome(behaviour: CardBehaviour): ChargeOutcome {
  const decline = declines[behaviour];
  if (decline !== undefined) return { kind: "declined", decline };
  if (behaviour === "challenge_once" || behaviour === "challenge_always") return { kind: "challenge" };
  if (behaviour === "bank_debit" || behaviour === "bank_debit_fails") return { kind: "processing" };
  return { kind: "succeeded" };
}

/** Why a card cannot even be saved; null when it can. */
export const attachDecline = (behaviour: CardBehaviour): Decline | null =>
  behaviour === "attach_then_fail" ? null : (declines[behaviour] ?? null);

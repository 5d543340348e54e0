import { attachDecline, bankDebits, type CardBehaviour, testCards } from "./cards.ts";
import { behaviourOf } from "./payments.ts";
import { cardError, invalid, missing } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { PaymentMethod } from "./types.ts";

interface MethodFacts {
  readonly behaviour: CardBehaviour;
  readonly brand: string;
  readonly last4: string;
  readonly email: string | null;
  readonly name: string | null;
}

const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
const cardYears = 4;

function addMethod(tx: Tx, facts: MethodFacts): PaymentMethod {
  const bank = facts.behaviour === "bank_debit" || facts.behaviour === "bank_debit_fails";
  const method: PaymentMethod = {
    id: tx.newId("pm"),
    object: "payment_method",
    allow_redisplay: "always",
    billing_details: { address: noAddress, email: facts.email, name: facts.name, phone: null, tax_id: null },
    created: tx.nowSeconds,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    ...(bank ? bankFields(facts) : cardFields(tx, facts)),
  };
  tx.put("payment_method", method);
  tx.put("card", { id: method.id, behaviour: facts.behaviour });
  return method;
}

const cardFields = (tx: Tx, { brand, last4 }: MethodFacts): Pick<PaymentMethod, "type" | "card"> => ({
  type: "card",
  card: {
    brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: brand,
    exp_month: 12,
    exp_year: new Date(tx.nowSeconds * 1000).getUTCFullYear() + cardYears,
    fingerprint: `twin${last4}`,
    funding: "credit",
    generated_from: null,
    last4,
    networks: { available: [brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: null,
  },
});

const bankFields = ({ last4 }: MethodFacts): Pick<PaymentMethod, "type" | "us_bank_account"> => ({
  type: "us_bank_account",
  us_bank_account: {
    account_holder_type: "individual",
    account_type: "checking",
    bank_name: "STRIPE TWIN BANK",
    financial_connections_account: null,
    fingerprint: `twin${last4}`,
    last4,
    networks: { preferred: "ach", supported: ["ach"] },
    routing_number: "110000000",
    status_details: {},
  },
});

export interface Holder {
  readonly email: string | null;
  readonly name: string | null;
}

/** A payment method from the number of a test card. No other number is known: nobody's real card can be typed in. */
export function methodFromNumber(tx: Tx, number: string, holder: Holder): PaymentMethod {
  const digits = number.replaceAll(/[\s-]/g, "");
  const card = testCards.find((one) => one.number === digits);
  if (card === undefined)
    throw cardError(
      "card_declined",
      "test_mode_live_card",
      "Your card was declined. This is a Stripe twin: use one of its test cards.",
      { param: "card[number]" },
    );
  return addMethod(tx, { ...holder, behaviour: card.behaviour, brand: card.brand, last4: digits.slice(-4) });
}

export function bankDebitMethod(tx: Tx, alias: string, holder: Holder): PaymentMethod {
  const debit = bankDebits.find((one) => one.alias === alias);
  if (debit === undefined) throw missing("payment_method", alias, "payment_method");
  return addMethod(tx, { ...holder, behaviour: debit.behaviour, brand: "bank", last4: debit.last4 });
}

/** `pm_card_visa` and the like stand for a new method each time; any other id is one that exists. */
export function resolveMethod(tx: Tx, id: string, param: string): PaymentMethod {
  const card = testCards.find(({ alias }) => alias === id);
  const nobody: Holder = { email: null, name: null };
  if (card !== undefined) return methodFromNumber(tx, card.number, nobody);
  if (bankDebits.some(({ alias }) => alias === id)) return bankDebitMethod(tx, id, nobody);
  return tx.need("payment_method", id, param);
}

export function attachMethod(tx: Tx, id: string, customer: string): PaymentMethod {
  const method = resolveMethod(tx, id, "payment_method");
  tx.need("customer", customer, "customer");
  if (method.customer !== null && method.customer !== customer)
    throw invalid("The payment method you provided has already been attached to a customer.");
  const refused = attachDecline(behaviourOf(tx, method.id));
  if (refused !== null) throw cardError(refused.code, refused.declineCode, refused.message, {});
  const attached: PaymentMethod = { ...method, customer };
  tx.put("payment_method", attached);
  tx.emit("payment_method.attached", attached);
  return attached;
}

export function detachMethod(tx: Tx, id: string): PaymentMethod {
  const method = tx.need("payment_method", id);
  if (method.customer === null)
    throw invalid("The payment method you provided is not attached to a customer so detachment is impossible.");
  const customer = tx.find("customer", method.customer);
  if (customer?.invoice_settings.default_payment_method === id)
    tx.put("customer", {
      ...customer,
      invoice_settings: { ...customer.invoice_settings, default_payment_method: null },
    });
  for (const subscription of tx.all("subscription"))
    if (subscription.default_payment_method === id)
      tx.put("subscription", { ...subscription, default_payment_method: null });
  const detached: PaymentMethod = { ...method, customer: null };
  tx.put("payment_method", detached);
  tx.emit("payment_method.detached", detached, { customer: method.customer });
  return detached;
}

/** Makes it the one that invoices are charged to. */
export function setDefaultMethod(tx: Tx, customer: string, method: string): void {
  const owner = tx.need("customer", customer);
  const next = { ...owner, invoice_settings: { ...owner.invoice_settings, default_payment_method: method } };
  tx.put("customer", next);
  tx.emit("customer.updated", next, { invoice_settings: owner.invoice_settings });
}

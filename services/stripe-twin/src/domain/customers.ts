import { endSubscription } from "./subscription-end.ts";
import { mergeMetadata } from "./subscription-update.ts";
import { isEnded } from "./subscriptions.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { Customer } from "./types.ts";

export interface CustomerFields {
  readonly email?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly phone?: string | null | undefined;
  readonly metadata?: Record<string, string> | undefined;
  readonly address?: Record<string, string | null> | null | undefined;
  readonly balance?: number | undefined;
  readonly defaultPaymentMethod?: string | null | undefined;
}

const noAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

export function createCustomer(tx: Tx, fields: CustomerFields): Customer {
  const id = tx.newId("cus");
  const empty: Customer = {
    id,
    object: "customer",
    address: null,
    balance: 0,
    created: tx.nowSeconds,
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: null,
    invoice_prefix: id.slice(-8).toUpperCase(),
    invoice_settings: { custom_fields: null, default_payment_method: null, footer: null, rendering_options: null },
    livemode: false,
    metadata: {},
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  };
  const customer = withFields(tx, empty, fields);
  tx.put("customer", customer);
  tx.emit("customer.created", customer);
  return customer;
}

function withFields(tx: Tx, before: Customer, fields: CustomerFields): Customer {
  const { metadata, address, defaultPaymentMethod, ...plain } = fields;
  const given = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
  const next: Customer = { ...before, ...given };
  if (metadata !== undefined) next.metadata = mergeMetadata(before.metadata, metadata);
  if (address !== undefined) next.address = address === null ? null : { ...noAddress, ...address };
  if (defaultPaymentMethod !== undefined) {
    if (defaultPaymentMethod !== null) mustBelong(tx, before.id, defaultPaymentMethod);
    next.invoice_settings = { ...before.invoice_settings, default_payment_method: defaultPaymentMethod };
  }
  return next;
}

function mustBelong(tx: Tx, customer: string, method: string): void {
  const param = "invoice_settings[default_payment_method]";
  if (tx.need("payment_method", method, param).customer !== customer)
    throw invalid(`The customer does not have a payment method with the ID ${method}.`, param, "resource_missing");
}

export function updateCustomer(tx: Tx, id: string, fields: CustomerFields): Customer {
  const before = tx.need("customer", id);
  const next = withFields(tx, before, fields);
  tx.put("customer", next);
  const changed = Object.entries(before).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(next[key as keyof Customer]),
  );
  if (changed.length > 0) tx.emit("customer.updated", next, Object.fromEntries(changed));
  return next;
}

/** Ends what the customer subscribes to, at once. */
export function deleteCustomer(tx: Tx, id: string): { id: string; object: "customer"; deleted: true } {
  const customer = tx.need("customer", id);
  for (const subscription of tx.all("subscription"))
    if (subscription.customer === id && !isEnded(subscription))
      endSubscription(tx, subscription.id, { reason: "cancellation_requested" });
  tx.remove("customer", id);
  tx.put("deleted_customer", { id, object: "customer", deleted: true });
  tx.emit("customer.deleted", customer);
  return { id, object: "customer", deleted: true };
}

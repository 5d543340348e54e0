import { invalid } from "./stripe-error.ts";
import { cancelIntent, createIntent } from "./payments.ts";
import type { Tx } from "./state.ts";
import type { Customer, Invoice, InvoiceLine, InvoicePayment, Subscription } from "./types.ts";

/** Stripe charges nothing below this and carries it over on the customer's balance. */
export const minimumChargeCents = 50;

export interface InvoiceOrder {
  readonly subscription: Subscription;
  readonly lines: readonly InvoiceLine[];
  readonly reason: NonNullable<Invoice["billing_reason"]>;
  readonly periodStart: number;
  readonly periodEnd: number;
  readonly autoAdvance: boolean;
  /** When a draft is finalised by itself; null: by whoever made it. */
  readonly finalizesAt: number | null;
  readonly prorationDate?: number | undefined;
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

interface Totals {
  readonly subtotal: number;
  readonly total: number;
  readonly tax: number;
  readonly discounts: { amount: number; discount: string }[];
  readonly taxes: Invoice["total_taxes"];
}

export function totalsOf(lines: readonly InvoiceLine[]): Totals {
  const subtotal = sum(lines.map(({ amount }) => amount));
  const byDiscount = new Map<string, number>();
  for (const { amount, discount } of lines.flatMap((line) => line.discount_amounts))
    byDiscount.set(discount, (byDiscount.get(discount) ?? 0) + amount);
  const taxLines = lines.flatMap(({ taxes }) => taxes);
  const tax = sum(taxLines.map(({ amount }) => amount));
  const discounts = [...byDiscount].map(([discount, amount]) => ({ amount, discount }));
  const first = taxLines[0];
  return {
    subtotal,
    tax,
    total: subtotal - sum(discounts.map(({ amount }) => amount)) + tax,
    discounts,
    taxes:
      first === undefined
        ? []
        : [{ ...first, amount: tax, taxable_amount: sum(taxLines.map(({ taxable_amount }) => taxable_amount ?? 0)) }],
  };
}

/** What is due after the customer's balance (negative: credit) is applied. */
function applyBalance(total: number, balance: number): { due: number; ending: number } {
  const owed = total + balance;
  if (total <= 0) return { due: 0, ending: owed };
  if (owed <= 0) return { due: 0, ending: owed };
  if (owed < minimumChargeCents) return { due: 0, ending: owed };
  return { due: owed, ending: 0 };
}

/** What a draft has in every case. */
const blankInvoice = {
  account_country: "US",
  account_name: "Top Dog (Stripe twin: no real money)",
  account_tax_ids: null,
  amount_overpaid: 0,
  amount_paid: 0,
  amount_shipping: 0,
  application: null,
  attempt_count: 0,
  attempted: false,
  collection_method: "charge_automatically",
  custom_fields: null,
  customer_account: null,
  customer_shipping: null,
  customer_tax_exempt: "none",
  customer_tax_ids: [],
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  due_date: null,
  effective_at: null,
  ending_balance: null,
  footer: null,
  from_invoice: null,
  hosted_invoice_url: null,
  invoice_pdf: null,
  issuer: { type: "self" },
  last_finalization_error: null,
  latest_revision: null,
  livemode: false,
  metadata: {},
  number: null,
  on_behalf_of: null,
  payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  statement_descriptor: null,
  status: "draft",
  status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
  test_clock: null,
  total_pretax_credit_amounts: [],
  webhooks_delivered_at: null,
} satisfies Partial<Invoice>;

/** The invoice as it would be; nothing is stored. `id` of a preview is Stripe's own form. */
export function composeInvoice(tx: Tx, order: InvoiceOrder, id: string): Invoice {
  const { subscription, lines } = order;
  const customer = tx.need("customer", subscription.customer);
  const totals = totalsOf(lines);
  const { due } = applyBalance(totals.total, customer.balance);
  return {
    id,
    object: "invoice",
    ...blankInvoice,
    amount_due: due,
    amount_remaining: due,
    auto_advance: order.autoAdvance,
    automatic_tax: {
      disabled_reason: null,
      enabled: subscription.automatic_tax.enabled,
      liability: subscription.automatic_tax.enabled ? { type: "self" } : null,
      provider: subscription.automatic_tax.enabled ? "stripe" : null,
      status: subscription.automatic_tax.enabled
        ? subscription.automatic_tax.disabled_reason === null
          ? "complete"
          : "requires_location_inputs"
        : null,
    },
    automatically_finalizes_at: order.finalizesAt,
    billing_reason: order.reason,
    created: tx.nowSeconds,
    currency: subscription.currency,
    customer: customer.id,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    discounts: totals.discounts.map(({ discount }) => discount),
    lines: {
      object: "list",
      data: lines.map((line) => ({ ...line, invoice: id })),
      has_more: false,
      url: `/v1/invoices/${id}/lines`,
    },
    next_payment_attempt: order.finalizesAt,
    parent: {
      quote_details: null,
      subscription_details: {
        metadata: subscription.metadata,
        subscription: subscription.id,
        ...(order.prorationDate === undefined ? {} : { subscription_proration_date: order.prorationDate }),
      },
      type: "subscription_details",
    },
    period_end: order.periodEnd,
    period_start: order.periodStart,
    starting_balance: customer.balance,
    subtotal: totals.subtotal,
    subtotal_excluding_tax: totals.subtotal,
    total: totals.total,
    total_discount_amounts: totals.discounts,
    total_excluding_tax: totals.total - totals.tax,
    total_taxes: totals.taxes,
  };
}

/** Stores a draft, and takes in the prorations that waited for it. */
export function draftInvoice(tx: Tx, order: InvoiceOrder): Invoice {
  const invoice = composeInvoice(tx, order, tx.newId("in"));
  for (const line of invoice.lines.data) {
    const waiting = line.parent?.subscription_item_details?.invoice_item;
    if (typeof waiting !== "string") continue;
    const item = tx.find("invoiceitem", waiting);
    if (item !== undefined) tx.put("invoiceitem", { ...item, invoice: invoice.id });
  }
  tx.put("invoice", invoice);
  tx.emit("invoice.created", invoice);
  return invoice;
}

function takeNumber(tx: Tx, customer: Customer): string {
  const sequence = customer.next_invoice_sequence ?? 1;
  tx.put("customer", { ...customer, next_invoice_sequence: sequence + 1 });
  return `${customer.invoice_prefix ?? "TWIN"}-${String(sequence).padStart(4, "0")}`;
}

/** Fixes the sums, applies the customer's balance and prepares the payment. An invoice with nothing due is paid at once. */
export function finalizeInvoice(tx: Tx, id: string): Invoice {
  const draft = tx.need("invoice", id);
  if (draft.status !== "draft") throw invalid("This invoice is already finalized.", undefined, "invoice_not_editable");
  const number = takeNumber(tx, tx.need("customer", draft.customer));
  const customer = tx.need("customer", draft.customer);
  const { due, ending } = applyBalance(draft.total, customer.balance);
  if (ending !== customer.balance) tx.put("customer", { ...customer, balance: ending });
  const open: Invoice = {
    ...draft,
    status: "open",
    number,
    starting_balance: customer.balance,
    ending_balance: ending,
    amount_due: due,
    amount_remaining: due,
    effective_at: tx.nowSeconds,
    automatically_finalizes_at: null,
    next_payment_attempt: null,
    hosted_invoice_url: `${tx.baseUrl}/pay/invoice/${id}`,
    invoice_pdf: `${tx.baseUrl}/pay/invoice/${id}/pdf`,
    status_transitions: { ...draft.status_transitions, finalized_at: tx.nowSeconds },
  };
  tx.put("invoice", open);
  if (due > 0) prepareIntent(tx, open);
  tx.emit("invoice.finalized", open);
  return open;
}

function prepareIntent(tx: Tx, invoice: Invoice): void {
  const intent = createIntent(tx, {
    amountCents: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    description: `Invoice ${invoice.number}`,
  });
  tx.put("invoice_payment", {
    id: tx.newId("inpay"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: tx.nowSeconds,
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: "payment_intent", payment_intent: intent.id },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  });
}

export const paymentsOf = (tx: Tx, invoice: string): InvoicePayment[] =>
  tx.all("invoice_payment").filter((one) => one.invoice === invoice);

export const intentOf = (tx: Tx, invoice: string): string | null =>
  paymentsOf(tx, invoice).findLast(({ is_default }) => is_default)?.payment.payment_intent ?? null;

export function markPaid(tx: Tx, id: string, outOfBand = false): Invoice {
  const open = tx.need("invoice", id);
  const paid: Invoice = {
    ...open,
    status: "paid",
    attempted: true,
    amount_paid: outOfBand ? 0 : open.amount_due,
    ...(outOfBand ? { amount_paid_off_stripe: open.amount_due } : {}),
    amount_remaining: 0,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...open.status_transitions, paid_at: tx.nowSeconds },
  };
  tx.put("invoice", paid);
  for (const payment of paymentsOf(tx, id)) {
    if (payment.status !== "open") continue;
    if (outOfBand) cancelIntent(tx, payment.payment.payment_intent);
    tx.put("invoice_payment", {
      ...payment,
      status: outOfBand ? "canceled" : "paid",
      amount_paid: outOfBand ? null : open.amount_due,
      status_transitions: outOfBand
        ? { canceled_at: tx.nowSeconds, paid_at: null }
        : { canceled_at: null, paid_at: tx.nowSeconds },
    });
  }
  tx.emit("invoice.paid", paid);
  if (!outOfBand) tx.emit("invoice.payment_succeeded", paid);
  return paid;
}

function close(tx: Tx, id: string, status: "void" | "uncollectible"): Invoice {
  const open = tx.need("invoice", id);
  if (open.status !== "open" && !(status === "void" && open.status === "uncollectible"))
    throw invalid(`You can only pass in open invoices. This invoice isn't open.`, undefined, "invoice_not_open");
  const at = status === "void" ? "voided_at" : "marked_uncollectible_at";
  const closed: Invoice = {
    ...open,
    status,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...open.status_transitions, [at]: tx.nowSeconds },
  };
  tx.put("invoice", closed);
  if (status === "void") {
    giveBackBalance(tx, open);
    const intent = intentOf(tx, id);
    if (intent !== null) cancelIntent(tx, intent);
    for (const payment of paymentsOf(tx, id))
      tx.put("invoice_payment", {
        ...payment,
        status: "canceled",
        status_transitions: { canceled_at: tx.nowSeconds, paid_at: null },
      });
  }
  tx.emit(status === "void" ? "invoice.voided" : "invoice.marked_uncollectible", closed);
  return closed;
}

/** A void invoice is as if it had never been: the balance that it used, or gave, is put back. */
function giveBackBalance(tx: Tx, { customer, starting_balance, ending_balance }: Invoice): void {
  const used = (ending_balance ?? starting_balance) - starting_balance;
  const owner = tx.find("customer", customer);
  if (used !== 0 && owner !== undefined) tx.put("customer", { ...owner, balance: owner.balance - used });
}

export const voidInvoice = (tx: Tx, id: string): Invoice => close(tx, id, "void");
export const markUncollectible = (tx: Tx, id: string): Invoice => close(tx, id, "uncollectible");

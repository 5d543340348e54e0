import type { Tx } from "./state.ts";
import type { Invoice, InvoiceLine, Subscription } from "./types.ts";

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
export function applyBalance(total: number, balance: number): { due: number; ending: number } {
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

import { applyBalance, composeInvoice, type InvoiceOrder } from "./invoice-form.ts";
import { cancelIntent, createIntent } from "./payments.ts";
import { invalid } from "./stripe-error.ts";
import type { Tx } from "./state.ts";
import type { Customer, Invoice, InvoicePayment } from "./types.ts";

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

import type Stripe from "stripe";
import type { Page } from "./lists.ts";
import type { StripeCaller } from "./stripe-caller.ts";
import type { ItemChange } from "./subscriptions.ts";

export interface InvoiceView {
  readonly id: string;
  readonly number: string | null;
  readonly status: string;
  readonly currency: string;
  readonly totalCents: number;
  readonly taxCents: number;
  readonly paidCents: number;
  readonly dueCents: number;
  readonly createdAt: string;
  readonly hostedUrl: string | null;
  readonly pdfUrl: string | null;
}

const taxOf = ({ total_taxes: taxes }: Stripe.Invoice): number =>
  (taxes ?? []).reduce((sum, { amount }) => sum + amount, 0);

const toInvoiceView = (invoice: Stripe.Invoice): InvoiceView => ({
  id: invoice.id,
  number: invoice.number,
  status: invoice.status ?? "draft",
  currency: invoice.currency,
  totalCents: invoice.total,
  taxCents: taxOf(invoice),
  paidCents: invoice.amount_paid,
  dueCents: invoice.amount_remaining,
  createdAt: new Date(invoice.created * 1000).toISOString(),
  hostedUrl: invoice.hosted_invoice_url ?? null,
  pdfUrl: invoice.invoice_pdf ?? null,
});

/** A customer's invoices, the newest first. Stripe is the truth of them, so nothing is kept here. */
export async function listInvoices(
  stripe: StripeCaller,
  customer: string,
  { limit, afterId }: { limit: number; afterId: string | undefined },
): Promise<Page<InvoiceView>> {
  const page = await stripe.call((sdk) =>
    sdk.invoices.list({ customer, limit, ...(afterId === undefined ? {} : { starting_after: afterId }) }),
  );
  return {
    items: page.data.map(toInvoiceView),
    afterId: page.has_more ? (page.data.at(-1)?.id ?? null) : null,
  };
}

export interface ChangePreview {
  readonly currency: string;
  readonly dueCents: number;
  readonly taxCents: number;
  readonly lines: readonly { readonly description: string; readonly amountCents: number }[];
}

/** What changing an item at that moment would be invoiced with. */
export async function previewChange(stripe: StripeCaller, change: ItemChange): Promise<ChangePreview> {
  const { subscriptionId, itemId, priceId, quantity, prorationDate } = change;
  const invoice = await stripe.call((sdk) =>
    sdk.invoices.createPreview({
      subscription: subscriptionId,
      subscription_details: {
        items: [{ id: itemId, price: priceId, quantity }],
        proration_behavior: "always_invoice",
        proration_date: prorationDate,
      },
    }),
  );
  return {
    currency: invoice.currency,
    dueCents: invoice.amount_due,
    taxCents: taxOf(invoice),
    lines: invoice.lines.data.map(({ description, amount }) => ({
      description: description ?? "",
      amountCents: amount,
    })),
  };
}

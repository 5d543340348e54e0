import { type InvoiceView, listInvoices } from "../clients/stripe/invoices.ts";
import type { Page } from "../clients/stripe/lists.ts";
import { findCustomer } from "../store/customers.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/** None for who is no customer: asking makes nobody one. */
export async function readInvoices(
  { db, stripe }: Pick<StripeDeps, "db" | "stripe">,
  owner: string,
  page: { readonly limit: number; readonly afterId: string | undefined },
): Promise<Page<InvoiceView>> {
  const customer = await findCustomer(db, owner);
  if (customer === null || customer.stripeCustomerId === null) return { items: [], afterId: null };
  return listInvoices(stripe, customer.stripeCustomerId, page);
}

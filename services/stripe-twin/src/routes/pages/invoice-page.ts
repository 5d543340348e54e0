import type { Tx } from "../../domain/state.ts";
import { cardFields } from "./card-form.ts";
import { day, errorBox, html, money, page } from "./html.ts";

export function invoicePage(tx: Tx, id: string, error: string | null): string {
  const invoice = tx.need("invoice", id);
  const { currency } = invoice;
  const discount = (invoice.total_discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0);
  const tax = (invoice.total_taxes ?? []).reduce((sum, { amount }) => sum + amount, 0);
  const row = (label: string, cents: number) =>
    html`<tr>
      <td>${label}</td>
      <td>${money(cents, currency)}</td>
    </tr>`;
  return page(
    `Invoice ${invoice.number ?? id}`,
    html`<h1>Invoice ${invoice.number ?? id}</h1>
      ${errorBox(error)}
      <p>${day(invoice.created)} · ${invoice.status} · ${invoice.customer_email ?? ""}</p>
      <table>
        <tbody>
          ${invoice.lines.data.map(
            (line) =>
              html`<tr>
                <td>${line.description}<br /><small>${day(line.period.start)} – ${day(line.period.end)}</small></td>
                <td>${money(line.amount, currency)}</td>
              </tr>`,
          )}
          ${discount !== 0 && row("Discount", -discount)}${tax !== 0 && row("Tax", tax)}${row("Total", invoice.total)}
          ${invoice.starting_balance !== 0 && row("Balance before", invoice.starting_balance)}
          <tr>
            <th>Due</th>
            <th>${money(invoice.amount_remaining, currency)}</th>
          </tr>
        </tbody>
      </table>
      <p><a href="/pay/invoice/${id}/pdf">Download PDF</a></p>
      ${invoice.status === "open" && html`<form method="post" action="/pay/invoice/${id}">${cardFields()}<button>Pay ${money(invoice.amount_remaining, currency)}</button></form>`}`,
  );
}

/** The same as lines of text, for the PDF; null: there is no such invoice. */
export function invoiceText(tx: Tx, id: string): string[] | null {
  const invoice = tx.find("invoice", id);
  if (invoice === undefined) return null;
  return [
    "Stripe twin: no real money",
    `Invoice ${invoice.number ?? id} (${invoice.status})`,
    invoice.customer_email ?? "",
    "",
    ...invoice.lines.data.map((line) => `${line.description ?? ""}   ${money(line.amount, line.currency)}`),
    "",
    `Total   ${money(invoice.total, invoice.currency)}`,
    `Due     ${money(invoice.amount_remaining, invoice.currency)}`,
  ];
}

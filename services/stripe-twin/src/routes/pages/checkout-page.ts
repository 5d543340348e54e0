import { hasTrial, setQuantity } from "../../domain/checkout.ts";
import { sessionLines } from "../../domain/session-lines.ts";
import type { Tx } from "../../domain/state.ts";
import type { FormValue } from "../api/form.ts";
import { cardFields, textOf } from "./card-form.ts";
import { errorBox, html, type Html, money, page } from "./html.ts";

const countries = [
  ["US", "United States"],
  ["GB", "United Kingdom"],
  ["DE", "Germany"],
  ["FR", "France"],
  ["IN", "India"],
  ["JP", "Japan"],
  ["BR", "Brazil"],
  ["ZA", "South Africa"],
] as const;

const row = (label: string, cents: number, currency: string): Html =>
  html`<tr>
    <td>${label}</td>
    <td>${money(cents, currency)}</td>
  </tr>`;

/** What is bought, who pays, and with what. */
export function checkoutPage(tx: Tx, id: string, error: string | null): string {
  const session = tx.need("checkout.session", id);
  if (session.status !== "open")
    return page(
      "Checkout",
      html`<h1>This checkout is ${session.status}.</h1>
        ${backLink(session.cancel_url)}`,
    );
  const plan = tx.need("checkout_plan", id);
  const currency = session.currency ?? "usd";
  const lines = sessionLines(tx, id);
  const customer = session.customer === null ? undefined : tx.find("customer", session.customer);
  const { amount_discount: discount = 0, amount_tax: tax = 0 } = session.total_details ?? {};
  return page(
    "Checkout",
    html`<h1>Subscribe</h1>
      ${errorBox(error)}
      <table>
        <tbody>
          ${lines.map(
            (line) =>
              html`<tr>
                <td>
                  ${line.quantity} × ${line.description}<br /><small
                    >${money(line.price?.unit_amount ?? 0, currency)} / ${line.price?.recurring?.interval}</small
                  >
                </td>
                <td>${money(line.amount_subtotal, currency)}</td>
              </tr>`,
          )}
          ${discount > 0 && row("Discount", -discount, currency)}${tax > 0 && row("Tax", tax, currency)}
          <tr>
            <th>Due today</th>
            <th>${money(session.amount_total ?? 0, currency)}</th>
          </tr>
        </tbody>
      </table>
      ${hasTrial(tx, plan) && html`<p>A trial comes first: nothing is charged today.</p>`}
      ${session.allow_promotion_codes === true && promotionForm(id)}
      <form method="post" action="/pay/checkout/${id}">
        ${plan.items.map((item, index) => item.adjustable && quantityField(item, index))}
        <label for="email">Email</label
        ><input
          id="email"
          name="email"
          type="email"
          required
          value="${customer?.email ?? session.customer_email ?? ""}"
        />
        <label for="name">Name on card</label
        ><input id="name" name="name" required autocomplete="off" value="${customer?.name ?? ""}" />
        <label for="country">Country</label
        ><select id="country" name="country">
          ${countries.map(([code, name]) => html`<option value="${code}">${name}</option>`)}
        </select>
        ${cardFields()}
        <button>
          ${(session.amount_total ?? 0) > 0 ? `Pay ${money(session.amount_total ?? 0, currency)}` : "Start"}
        </button>
      </form>
      ${backLink(session.cancel_url)}`,
  );
}

const quantityField = (item: { quantity: number; minimum: number; maximum: number }, index: number): Html =>
  html`<label for="q${index}">Quantity</label
    ><input
      id="q${index}"
      name="quantity[${index}]"
      type="number"
      min="${item.minimum}"
      max="${item.maximum}"
      value="${item.quantity}"
    />`;

const promotionForm = (id: string): Html =>
  html`<form method="post" action="/pay/checkout/${id}/promotion">
    <label for="code">Promotion code</label><input id="code" name="code" required /><button class="plain">Apply</button>
  </form>`;

const backLink = (url: string | null): Html | null =>
  url === null ? null : html`<p><a href="${url}">Cancel and go back</a></p>`;

export function takeQuantities(tx: Tx, id: string, form: { [name: string]: FormValue }): void {
  const given = form["quantity"];
  if (!Array.isArray(given)) return;
  given.forEach((value, index) => {
    const quantity = Number(value);
    if (Number.isInteger(quantity) && quantity > 0) setQuantity(tx, id, index, quantity);
  });
}

export const payerOf = (form: { [name: string]: FormValue }) => ({
  email: textOf(form, "email"),
  name: textOf(form, "name"),
  country: textOf(form, "country"),
});

/** The bank's own page, as Stripe's test mode shows it. */
export const challengePage = (action: string, amount: string): string =>
  page(
    "3-D Secure",
    html`<h1>3-D Secure test challenge</h1>
      <p>The bank asks whether you want to pay ${amount}.</p>
      <form method="post" action="${action}">
        <button name="outcome" value="pass">Complete</button
        ><button class="plain" name="outcome" value="fail">Fail</button>
      </form>`,
  );

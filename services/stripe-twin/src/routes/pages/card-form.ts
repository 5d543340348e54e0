import { bankDebits, testCards } from "../../domain/cards.ts";
import { bankDebitMethod, type Holder, methodFromNumber } from "../../domain/payment-methods.ts";
import type { Tx } from "../../domain/state.ts";
import type { PaymentMethod } from "../../domain/types.ts";
import type { FormValue } from "../api/form.ts";
import { html, type Html } from "./html.ts";

const spaced = (number: string): string => number.replaceAll(/(\d{4})(?=\d)/g, "$1 ");

/** Fields of a test card, or of a test bank account. */
export const cardFields = (): Html =>
  html` <label for="number">Test card number</label>
    <input
      id="number"
      name="number"
      inputmode="numeric"
      autocomplete="off"
      list="cards"
      value="4242 4242 4242 4242"
      required
      aria-describedby="card-help"
    />
    <datalist id="cards">
      ${testCards.map((card) => html`<option value="${spaced(card.number)}">${card.meaning}</option>`)}
    </datalist>
    <details id="card-help">
      <summary>Test cards and what they do</summary>
      <table>
        <tbody>
          ${testCards.map(
            (card) =>
              html`<tr>
                <td><code>${spaced(card.number)}</code></td>
                <td>${card.meaning}</td>
              </tr>`,
          )}
          <tr>
            <td><code>bank</code></td>
            <td>a bank debit that is settled after days</td>
          </tr>
          <tr>
            <td><code>bank fails</code></td>
            <td>a bank debit that is refused after days</td>
          </tr>
        </tbody>
      </table>
    </details>`;

export const textOf = (form: { [name: string]: FormValue }, name: string): string => {
  const value = form[name];
  return typeof value === "string" ? value.trim() : "";
};

export function methodOfForm(tx: Tx, form: { [name: string]: FormValue }, holder: Holder): PaymentMethod {
  const number = textOf(form, "number");
  if (number === "bank") return bankDebitMethod(tx, bankDebits[0].alias, holder);
  if (number === "bank fails") return bankDebitMethod(tx, bankDebits[1].alias, holder);
  return methodFromNumber(tx, number, holder);
}

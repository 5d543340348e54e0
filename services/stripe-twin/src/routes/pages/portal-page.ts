import { periodEndOf } from "../../domain/cycle.ts";
import { subscriptionsOf } from "../../domain/portal.ts";
import type { Tx } from "../../domain/state.ts";
import type { PortalConfiguration, Subscription } from "../../domain/types.ts";
import { cardFields } from "./card-form.ts";
import { day, errorBox, html, type Html, money, page } from "./html.ts";

/** Where a customer changes, ends and pays what they subscribe to. */
export function portalPage(tx: Tx, id: string, error: string | null): string {
  const session = tx.need("billing_portal.session", id);
  const customer = tx.need("customer", session.customer);
  const configuration = tx.need("billing_portal.configuration", session.configuration);
  const { features } = configuration;
  const invoices = tx.all("invoice").filter((one) => one.customer === customer.id && one.status !== "draft");
  return page(
    "Customer portal",
    html`<h1>Your subscriptions</h1>
      ${errorBox(error)}
      <p>${customer.email}</p>
      ${subscriptionsOf(tx, customer.id).map((one) => subscriptionPart(tx, id, one, configuration))}
      ${
        features.payment_method_update.enabled &&
        html`<h2>Payment method</h2>
          <form method="post" action="/pay/portal/${id}/card">
            ${cardFields()}<button>Use this from now on</button>
          </form>`
      }
      ${
        features.invoice_history.enabled &&
        html`<h2>Invoices</h2>
          <table>
            <tbody>
              ${invoices.toReversed().map(
                (one) =>
                  html`<tr>
                    <td><a href="/pay/invoice/${one.id}">${one.number}</a><br /><small>${day(one.created)}</small></td>
                    <td>${one.status}</td>
                    <td>${money(one.total, one.currency)}</td>
                  </tr>`,
              )}
            </tbody>
          </table>`
      }
      ${session.return_url !== null && html`<p><a href="${session.return_url}">Go back</a></p>`}`,
  );
}

function subscriptionPart(tx: Tx, id: string, subscription: Subscription, configuration: PortalConfiguration): Html {
  const item = subscription.items.data[0]!;
  const { features } = configuration;
  const ends = subscription.cancel_at_period_end;
  const action = `/pay/portal/${id}/subscriptions/${subscription.id}`;
  const name = tx.find("product", item.price.product)?.name ?? item.price.product;
  return html`<section>
    <h2>${name}</h2>
    <p>
      ${item.quantity} × ${money(item.price.unit_amount ?? 0, subscription.currency)} /
      ${item.price.recurring?.interval}, ${subscription.status}. ${ends ? "Ends" : "Renews"} on
      ${day(periodEndOf(subscription))}.${subscription.schedule !== null && " A change is scheduled for then."}
    </p>
    ${
      features.subscription_update.enabled &&
      html`<form method="post" action="${action}/change">
        <label for="p${subscription.id}">Plan</label
        ><select id="p${subscription.id}" name="price">
          ${(features.subscription_update.products ?? []).flatMap(({ prices }) => prices.map((price) => priceOption(tx, price, item.price.id)))}
        </select>
        <label for="s${subscription.id}">Quantity</label
        ><input id="s${subscription.id}" name="quantity" type="number" min="1" value="${item.quantity}" /><button>
          Change
        </button>
      </form>`
    }
    ${features.subscription_cancel.enabled && html`<form method="post" action="${action}/${ends ? "keep" : "cancel"}"><button class="plain">${ends ? "Keep it" : "Cancel at the end of the period"}</button></form>`}
  </section>`;
}

function priceOption(tx: Tx, id: string, current: string): Html | null {
  const price = tx.find("price", id);
  if (price === undefined) return null;
  const name = tx.find("product", price.product)?.name ?? price.product;
  const label = `${name}: ${money(price.unit_amount ?? 0, price.currency)} / ${price.recurring?.interval}`;
  return id === current
    ? html`<option value="${id}" selected>${label}</option>`
    : html`<option value="${id}">${label}</option>`;
}

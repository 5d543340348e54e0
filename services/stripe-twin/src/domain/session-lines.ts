import { fullPiece, linesOf } from "./lines.ts";
import type { Tx } from "./state.ts";
import { newItem } from "./subscriptions.ts";
import type { Wire } from "./types.ts";
import type Stripe from "stripe";

/** What a checkout session sells, as Stripe lists it. */
export function sessionLines(tx: Tx, id: string): Wire<Stripe.LineItem>[] {
  const plan = tx.need("checkout_plan", id);
  const span = { start: tx.nowSeconds, end: tx.nowSeconds };
  return plan.items.map((one, index) => {
    const item = newItem(tx, "sub_preview", one, span, `line_items[${index}]`);
    const context = { subscription: "sub_preview", metadata: {}, discounts: [], taxPercent: 0 };
    const [line] = linesOf(tx, [fullPiece(item)], [], context);
    return {
      id: `li_${id.slice(-10)}${index}`,
      object: "item",
      adjustable_quantity: null,
      amount_discount: 0,
      amount_subtotal: line?.amount ?? 0,
      amount_tax: 0,
      amount_total: line?.amount ?? 0,
      currency: item.price.currency,
      description: tx.find("product", item.price.product)?.name ?? null,
      metadata: {},
      price: item.price,
      quantity: item.quantity,
    };
  });
}

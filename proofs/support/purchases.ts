import type { PlanId } from "@topdog/contracts/plans";
import { ensureCustomer } from "@topdog/billing/usecases/ensure-customer";
import type { Stripe } from "stripe";
import type { BillingSide } from "./billing-rig.ts";

export interface Purchase {
  readonly plan: Exclude<PlanId, "free">;
  readonly interval?: "month" | "year";
  readonly seats?: number;
  readonly card?: string;
  readonly more?: Partial<Stripe.SubscriptionCreateParams>;
}

/** Gives an owner's customer a card, and a subscription as a completed checkout makes it. */
export async function buy(
  side: BillingSide,
  owner: string,
  { plan, interval = "month", seats = 1, card = "pm_card_visa", more = {} }: Purchase,
): Promise<Stripe.Subscription> {
  const customer = await ensureCustomer(side.deps, owner);
  await giveCard(side, customer, card);
  return side.stripe.subscriptions.create({
    customer,
    items: [{ price: side.prices.ofPlan(plan, interval)?.priceId ?? "", quantity: seats }],
    metadata: { topdog_owner: owner },
    ...more,
  });
}

export async function giveCard({ stripe }: Pick<BillingSide, "stripe">, customer: string, card: string): Promise<void> {
  const method = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method.id } });
}

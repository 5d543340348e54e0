import { AppError } from "@topdog/errors/app-error";
import { readCustomer } from "../../clients/stripe/customers.ts";
import { type Governing, readSubscriptions, type Sold } from "../../domain/governing.ts";
import { isLive } from "../../domain/stripe-subscription.ts";
import { findCustomer } from "../../store/customers.ts";
import type { StripeDeps } from "../stripe-deps.ts";

export interface Held extends Governing {
  readonly sold: Sold;
}

/** What the owner holds at this moment, from Stripe. Throws AppError when there is nothing to change. */
export async function governingOf(deps: Pick<StripeDeps, "db" | "stripe" | "prices">, owner: string): Promise<Held> {
  const customer = await findCustomer(deps.db, owner);
  if (customer === null || customer.stripeCustomerId === null) throw new AppError("no_subscription");
  const { subscriptions } = await readCustomer(deps.stripe, customer.stripeCustomerId);
  const { governing } = readSubscriptions(subscriptions, deps.prices, owner);
  if (governing === null || !isLive(governing.subscription)) throw new AppError("no_subscription");
  if (governing.sold === null)
    throw new AppError("conflict", {
      detail: "The subscription has a price that is not understood; support must look.",
    });
  return { subscription: governing.subscription, sold: governing.sold };
}

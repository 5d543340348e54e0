import { createCustomer } from "../clients/stripe/customers.ts";
import { bindCustomer, putCustomer } from "../store/customers.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/**
 * The owner's one customer at Stripe. Our row comes first and the key follows from it, so that neither a crash nor a second process
 * makes another one.
 */
export async function ensureCustomer(
  { db, stripe }: Pick<StripeDeps, "db" | "stripe">,
  owner: string,
): Promise<string> {
  const row = await putCustomer(db, owner);
  if (row.stripeCustomerId !== null) return row.stripeCustomerId;
  const made = await createCustomer(stripe, owner, `topdog:customer:${owner}:${row.epoch}`);
  return (await bindCustomer(db, owner, made)) ?? made;
}

import { createCustomer } from "../clients/stripe/customers.ts";
import { isStoredFault } from "../clients/stripe/stripe-failure.ts";
import { bindCustomer, nextEpoch, putCustomer } from "../store/customers.ts";
import type { StripeDeps } from "./stripe-deps.ts";

/**
 * The owner's one customer at Stripe. Our row comes first and the key follows from it, so that neither a crash nor a second process
 * makes another one.
 */
export async function ensureCustomer(
  { db, stripe }: Pick<StripeDeps, "db" | "stripe">,
  owner: string,
): Promise<string> {
  const ask = async (): Promise<string> => {
    const row = await putCustomer(db, owner);
    if (row.stripeCustomerId !== null) return row.stripeCustomerId;
    try {
      return await createCustomer(stripe, owner, `topdog:customer:${owner}:${row.epoch}`);
    } catch (error) {
      if (isStoredFault(error)) await nextEpoch(db, row);
      throw error;
    }
  };
  // Under the next key; a customer that was made in spite of the fault stays empty.
  const made = await ask().catch((error: unknown) => {
    if (isStoredFault(error)) return ask();
    throw error;
  });
  return (await bindCustomer(db, owner, made)) ?? made;
}

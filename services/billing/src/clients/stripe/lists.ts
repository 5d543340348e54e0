import type Stripe from "stripe";
import { idOf } from "./from-stripe.ts";
import type { StripeCaller } from "./stripe-caller.ts";

const pageSize = 100;

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; null at the end. */
  readonly afterId: string | null;
}

/** Subscriptions of everybody, the ended ones too, by the customer that they are of. */
export async function listSubscribers(stripe: StripeCaller, afterId: string | null): Promise<Page<string>> {
  const page = await stripe.call((sdk) =>
    sdk.subscriptions.list({
      status: "all",
      limit: pageSize,
      ...(afterId === null ? {} : { starting_after: afterId }),
    }),
  );
  const items = page.data.flatMap(({ customer }) => idOf(customer) ?? []);
  return { items, afterId: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
}

/** Stripe's own list of events, the newest first; those of the last 30 days are all that it has. */
export async function listEvents(
  stripe: StripeCaller,
  { since, undeliveredOnly, afterId }: { since: Date; undeliveredOnly: boolean; afterId: string | null },
): Promise<Page<Stripe.Event>> {
  const page = await stripe.call((sdk) =>
    sdk.events.list({
      created: { gte: Math.floor(since.getTime() / 1000) },
      limit: pageSize,
      ...(undeliveredOnly ? { delivery_success: false } : {}),
      ...(afterId === null ? {} : { starting_after: afterId }),
    }),
  );
  return { items: page.data, afterId: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
}

import { listEvents } from "../clients/stripe/lists.ts";
import { parseWebhookEvent } from "../domain/webhook-event.ts";
import { addWebhookEvent } from "../store/webhook-events.ts";
import type { StripeDeps } from "./stripe-deps.ts";

export interface Backfilled {
  readonly seen: number;
  /** Those that the inbox did not have. */
  readonly added: number;
}

/** Takes events from Stripe's own list into the inbox, for a time when none could be received. Repeating it changes nothing. */
export async function backfillEvents(
  { db, stripe }: Pick<StripeDeps, "db" | "stripe">,
  options: { readonly since: Date; readonly undeliveredOnly: boolean },
): Promise<Backfilled> {
  let afterId: string | null = null;
  let seen = 0;
  let added = 0;
  do {
    const page = await listEvents(stripe, { ...options, afterId });
    for (const one of page.items) {
      const event = parseWebhookEvent(one);
      if (event === null) continue;
      seen += 1;
      if (await addWebhookEvent(db, event)) added += 1;
    }
    afterId = page.afterId;
  } while (afterId !== null);
  return { seen, added };
}

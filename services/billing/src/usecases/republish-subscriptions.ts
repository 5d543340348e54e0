import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { appendOutbox } from "@topdog/messaging/outbox";
import type { Database } from "@topdog/postgres/pool";
import { inTransaction } from "@topdog/postgres/transaction";
import { toSubscriptionUpdated } from "../domain/subscription-announcement.ts";
import type { Subscription } from "../domain/subscription.ts";
import { findSubscription, pageOfSubscriptions } from "../store/subscriptions.ts";

const pageRows = 500;

/** Announces subscriptions as they are: whoever has that version already ignores it. */
export const republishSubscriptions = (db: Database, subscriptions: readonly Subscription[]): Promise<void> =>
  inTransaction(db, async (trx) => {
    for (const one of subscriptions) await appendOutbox(trx, subscriptionUpdated, toSubscriptionUpdated(one));
  });

/** Those of one owner, or all of them when null. Returns how many. */
export async function republishSubscriptionsOf(db: Database, owner: string | null): Promise<number> {
  if (owner !== null) {
    const found = await findSubscription(db, owner);
    if (found !== null) await republishSubscriptions(db, [found]);
    return found === null ? 0 : 1;
  }
  let after = "";
  for (let count = 0; ;) {
    const page = await pageOfSubscriptions(db, after, pageRows);
    await republishSubscriptions(db, page);
    count += page.length;
    after = page.at(-1)?.owner ?? "";
    if (page.length < pageRows) return count;
  }
}

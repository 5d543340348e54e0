import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import { afterCommit } from "@topdog/postgres/transaction";
import type { ConsumerContext } from "@topdog/service/define";
import { quotaTransaction } from "../store/quota-store.ts";
import { applySubscription } from "../usecases/apply-subscription.ts";
import type { QuotaDeps } from "../usecases/deps.ts";

/** Changes limits at once, and tells the gateways after the commit, so that one that asks again finds the new limit. */
export function onSubscriptionUpdated(context: ConsumerContext, deps: QuotaDeps, nowMs: () => number): Consumer {
  const { bus, db, logger } = context;
  return createConsumer({
    bus,
    db,
    durable: durableFor("quota", subscriptionUpdated.subject),
    event: subscriptionUpdated,
    logger,
    metrics: context.messagingMetrics,
    handle: async (trx, subscription, meta) => {
      const touched = await applySubscription(quotaTransaction(trx), subscription);
      const { owner, version, plan, seats } = subscription;
      afterCommit(trx, () => {
        for (const bucket of touched) deps.recall({ ...bucket, reason: "limit_changed" });
        deps.metrics.propagationSeconds.observe(Math.max(0, nowMs() - Date.parse(subscription.changedAt)) / 1000);
        logger.info(
          { eventId: meta.id, owner, version, plan, seats, buckets: touched.length },
          "limits follow a subscription",
        );
      });
    },
  });
}

import { type SubscriptionUpdated, subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import { afterCommit } from "@topdog/postgres/transaction";
import type { ConsumerContext } from "@topdog/service/define";
import type { RegistryMetrics } from "../metrics.ts";
import type { Entitlement } from "../domain/seats.ts";
import { applyEntitlement } from "../usecases/apply-entitlement.ts";

interface ConsumerDeps extends ConsumerContext {
  readonly metrics: RegistryMetrics;
  readonly nowMs: () => number;
}

/** Stores entitlements as billing states them, and takes seats away when fewer are paid for. */
export function onSubscriptionUpdated({ metrics, nowMs, ...context }: ConsumerDeps): Consumer {
  return createConsumer({
    bus: context.bus,
    db: context.db,
    durable: durableFor("org-registry", subscriptionUpdated.subject),
    event: subscriptionUpdated,
    logger: context.logger,
    metrics: context.messagingMetrics,
    handle: async (trx, event, meta) => {
      const { applied, deactivated } = await applyEntitlement(trx, fromSubscriptionUpdated(event), new Date(nowMs()));
      afterCommit(trx, () => {
        metrics.lostSeats.inc(deactivated.length);
        const { owner, version, plan, seats } = event;
        context.logger.info(
          { eventId: meta.id, owner, version, plan, seats, applied, deactivated },
          "entitlement event handled",
        );
      });
    },
  });
}

const fromSubscriptionUpdated = ({ owner, version, plan, seats, changedAt }: SubscriptionUpdated): Entitlement => ({
  owner,
  version,
  plan,
  seats,
  changedAt: new Date(changedAt),
});

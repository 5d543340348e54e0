import { type SubscriptionUpdated, subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import type { Bus } from "@topdog/messaging/connect";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { RegistryMetrics } from "../metrics.ts";
import type { Entitlement } from "../domain/seats.ts";
import { applyEntitlement } from "../usecases/apply-entitlement.ts";

export interface ConsumerDeps {
  readonly bus: Bus;
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: RegistryMetrics;
  readonly nowMs: () => number;
}

/** Keeps entitlements as billing states them, and takes seats away when fewer are paid for. */
export function onSubscriptionUpdated({ bus, db, logger, metrics, nowMs }: ConsumerDeps): Consumer {
  return createConsumer({
    bus,
    db,
    durable: durableFor("org-registry", subscriptionUpdated.subject),
    event: subscriptionUpdated,
    logger,
    metrics: metrics.messaging,
    handle: async (trx, event, meta) => {
      const { applied, deactivated } = await applyEntitlement(trx, fromSubscriptionUpdated(event), new Date(nowMs()));
      metrics.seatsLost(deactivated.length);
      const { owner, version, plan, seats } = event;
      logger.info({ eventId: meta.id, owner, version, plan, seats, applied, deactivated }, "entitlement event handled");
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

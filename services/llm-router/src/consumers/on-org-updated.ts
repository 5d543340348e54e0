import { orgUpdated } from "@topdog/contracts/events/org-events";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import { afterCommit } from "@topdog/postgres/transaction";
import type { ConsumerContext } from "@topdog/service/define";
import { eraseAnswers } from "../store/erasures.ts";

/** What is kept of an org's calls is erased when the org is gone for good. */
export function onOrgUpdated({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer {
  return createConsumer({
    bus,
    db,
    logger,
    metrics,
    durable: durableFor("llm-router", orgUpdated.subject),
    event: orgUpdated,
    handle: async (trx, { orgId, deleted, changedAt }, { id: eventId }) => {
      if (!deleted) return;
      const erased = await eraseAnswers(trx, { orgId, userId: null }, new Date(changedAt));
      afterCommit(trx, () => logger.info({ eventId, orgId, erased }, "an org's kept answers were erased"));
    },
  });
}

import { memberChanged } from "@topdog/contracts/events/org-events";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import { afterCommit } from "@topdog/postgres/transaction";
import type { ConsumerContext } from "@topdog/service/define";
import { eraseAnswers } from "../store/erasures.ts";

/** What is kept of calls that somebody made in an org is erased when they leave it. */
export function onMemberChanged({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer {
  return createConsumer({
    bus,
    db,
    logger,
    metrics,
    durable: durableFor("llm-router", memberChanged.subject),
    event: memberChanged,
    handle: async (trx, { orgId, userId, removed, changedAt }, { id: eventId }) => {
      if (!removed) return;
      const erased = await eraseAnswers(trx, { orgId, userId }, new Date(changedAt));
      afterCommit(trx, () => logger.info({ eventId, orgId, userId, erased }, "a member's kept answers were erased"));
    },
  });
}

import { type OrgUpdated, orgUpdated } from "@topdog/contracts/events/org-events";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import { afterCommit } from "@topdog/postgres/transaction";
import type { ConsumerContext } from "@topdog/service/define";
import type { OrgSeats } from "../domain/org-seats.ts";
import { recordOrgSeats } from "../usecases/record-org-seats.ts";

/** Stores how many seats each org uses, who owns it, and whether it ends. */
export function onOrgUpdated({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer {
  return createConsumer({
    bus,
    db,
    logger,
    metrics,
    durable: durableFor("billing", orgUpdated.subject),
    event: orgUpdated,
    handle: async (trx, event, meta) => {
      const applied = await recordOrgSeats(trx, fromOrgUpdated(event));
      const { orgId, version, activeMembers } = event;
      const facts = { eventId: meta.id, orgId, version, activeMembers, applied };
      afterCommit(trx, () => logger.info(facts, "org event handled"));
    },
  });
}

const fromOrgUpdated = ({ orgId, version, ownerUserId, activeMembers, ...org }: OrgUpdated): OrgSeats => ({
  orgId,
  version,
  ownerUserId,
  activeMembers,
  deletion: org.deleted ? "done" : org.deletionDueAt === null ? "none" : "announced",
  changedAt: new Date(org.changedAt),
});

import { type MemberChanged, memberChanged } from "@topdog/contracts/events/org-events";
import { durableFor } from "@topdog/contracts/topology";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import { afterCommit } from "@topdog/postgres/transaction";
import type { ConsumerContext } from "@topdog/service/define";
import type { OrgMember } from "../domain/org-member.ts";
import { recordOrgMember } from "../usecases/record-org-member.ts";

/** Stores who may see and move an org's money. */
export function onMemberChanged({ bus, db, logger, messagingMetrics: metrics }: ConsumerContext): Consumer {
  return createConsumer({
    bus,
    db,
    logger,
    metrics,
    durable: durableFor("billing", memberChanged.subject),
    event: memberChanged,
    handle: async (trx, event, meta) => {
      const applied = await recordOrgMember(trx, fromMemberChanged(event));
      const { orgId, userId, version, role } = event;
      const facts = { eventId: meta.id, orgId, userId, version, role, applied };
      afterCommit(trx, () => logger.info(facts, "member event handled"));
    },
  });
}

const fromMemberChanged = ({ removed, active, role, changedAt, ...of }: MemberChanged): OrgMember => ({
  orgId: of.orgId,
  userId: of.userId,
  version: of.version,
  role: removed ? "member" : role,
  active: active && !removed,
  changedAt: new Date(changedAt),
});

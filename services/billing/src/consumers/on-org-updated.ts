import { type OrgUpdated, orgUpdated } from "@topdog/contracts/events/org-events";
import { durableFor } from "@topdog/contracts/topology";
import type { Bus } from "@topdog/messaging/connect";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import type { MessagingMetrics } from "@topdog/messaging/metrics";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { OrgSeats } from "../domain/org-seats.ts";
import { recordOrgSeats } from "../usecases/record-org-seats.ts";

export interface ConsumerDeps {
  readonly bus: Bus;
  readonly db: Database;
  readonly logger: Logger;
  readonly metrics: MessagingMetrics;
}

/** Keeps how many seats each org uses, and who owns it. */
export function onOrgUpdated(deps: ConsumerDeps): Consumer {
  return createConsumer({
    ...deps,
    durable: durableFor("billing", orgUpdated.subject),
    event: orgUpdated,
    handle: async (trx, event, meta) => {
      const applied = await recordOrgSeats(trx, fromOrgUpdated(event));
      const { orgId, version, activeMembers } = event;
      deps.logger.info({ eventId: meta.id, orgId, version, activeMembers, applied }, "org event handled");
    },
  });
}

const fromOrgUpdated = ({ orgId, version, ownerUserId, activeMembers, changedAt }: OrgUpdated): OrgSeats => ({
  orgId,
  version,
  ownerUserId,
  activeMembers,
  changedAt: new Date(changedAt),
});

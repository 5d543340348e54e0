import { orgUpdated } from "@topdog/contracts/events/org-events";
import { durableFor } from "@topdog/contracts/topology";
import type { Bus } from "@topdog/messaging/connect";
import { type Consumer, createConsumer } from "@topdog/messaging/consume";
import type { MessagingMetrics } from "@topdog/messaging/metrics";
import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
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
    handle: async (trx, org, meta) => {
      const applied = await recordOrgSeats(trx, org);
      const { orgId, version, activeMembers } = org;
      deps.logger.info({ eventId: meta.id, orgId, version, activeMembers, applied }, "org event handled");
    },
  });
}

import { sumUsageRpc } from "@topdog/contracts/rpc/sum-usage";
import { serveRpc } from "@topdog/messaging/rpc";
import type { ConsumerContext } from "@topdog/service/define";
import { sumTenants } from "../store/usage-rollups.ts";

const maxInFlight = 16;

/** Answers what the ledger has of tenants, for those who count the same from events. */
export const answerSumUsage = ({ bus, db, logger }: Pick<ConsumerContext, "bus" | "db" | "logger">) =>
  serveRpc(bus, sumUsageRpc, {
    maxInFlight,
    logger,
    handle: async ({ day, tenants }) => ({ sums: await sumTenants(db, day, tenants) }),
  });

import { type UsageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import type { Database } from "@topdog/postgres/pool";
import { countUsage } from "../store/usage-costs.ts";

/** What calls cost, by the plan that their payer has when they are counted. */
export const countUsageCost = (db: Database, usages: readonly UsageConsumed[]): Promise<void> =>
  countUsage(
    db,
    usages.map((usage) => ({
      id: usageIdOf(usage),
      owner: usage.orgId === null ? `user:${usage.userId}` : `org:${usage.orgId}`,
      day: usage.day,
      costNanoUsd: usage.costNanoUsd,
    })),
  );

import { compareLimits } from "@topdog/contracts/rpc/compare-snapshots";
import { answerComparison } from "@topdog/messaging/reconcile";
import type { ConsumerContext } from "@topdog/service/define";
import { entitlementVersions } from "../store/entitlements.ts";

/** Tells billing which subscriptions have not reached the limits here. */
export const answerCompareLimits = ({ bus, db, logger }: Pick<ConsumerContext, "bus" | "db" | "logger">) =>
  answerComparison(compareLimits, { bus, logger, versionsOf: (owners) => entitlementVersions(db, owners) });

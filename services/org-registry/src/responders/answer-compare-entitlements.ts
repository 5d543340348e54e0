import { compareEntitlements } from "@topdog/contracts/rpc/compare-snapshots";
import { answerComparison } from "@topdog/messaging/reconcile";
import type { ConsumerContext } from "@topdog/service/define";
import { entitlementVersions } from "../store/entitlements.ts";
import { read } from "../usecases/change.ts";

/** Tells billing which subscriptions have not reached the entitlements here. */
export const answerCompareEntitlements = ({ bus, db, logger }: Pick<ConsumerContext, "bus" | "db" | "logger">) =>
  answerComparison(compareEntitlements, {
    bus,
    logger,
    versionsOf: (owners) => read(db, "everyone", (trx) => entitlementVersions(trx, owners)),
  });

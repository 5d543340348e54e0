import { compareEntitlements, compareLimits } from "@topdog/contracts/rpc/compare-snapshots";
import { createReconciliation } from "@topdog/messaging/reconcile";
import type { ConsumerContext } from "@topdog/service/define";
import type { Job } from "@topdog/service/job";
import type { BillingMetrics, SubscriptionKeeper } from "../metrics.ts";
import { pageOfSubscriptions } from "../store/subscriptions.ts";
import { republishSubscriptions } from "../usecases/republish-subscriptions.ts";

/** Finds subscriptions whose event did not arrive, and announces them again. */
export function reconcileSubscriptionsJob(
  { bus, db, logger }: Pick<ConsumerContext, "bus" | "db" | "logger">,
  metrics: Pick<BillingMetrics, "lostSnapshots">,
): Job {
  const reconciliation = createReconciliation({
    bus,
    logger,
    keepers: [
      { name: "quota", rpc: compareLimits },
      { name: "org-registry", rpc: compareEntitlements },
    ],
    page: async (after, limit) =>
      (await pageOfSubscriptions(db, after, limit)).map((one) => ({ ...one, key: one.owner })),
    republish: (subscriptions) => republishSubscriptions(db, subscriptions),
    onWalked: (keeper, lacking) => metrics.lostSnapshots.set({ keeper: keeper as SubscriptionKeeper }, lacking),
  });
  return {
    name: "reconcile-subscriptions",
    intervalMs: 30_000,
    timeoutMs: 25_000,
    owner: "one",
    run: (signal) => reconciliation.run(signal),
  };
}

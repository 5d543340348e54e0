import { compareMembers, compareOrgs } from "@topdog/contracts/rpc/compare-snapshots";
import { createReconciliation } from "@topdog/messaging/reconcile";
import type { ConsumerContext } from "@topdog/service/define";
import type { Job } from "@topdog/service/job";
import type { RegistryMetrics } from "../metrics.ts";
import { nextMembers, nextOrgs, republishMembers, republishOrgs } from "../usecases/republish-orgs.ts";

/** Finds orgs and members whose event did not reach billing, and announces them again. */
export function reconcileOrgsJobs(
  { bus, db, logger }: Pick<ConsumerContext, "bus" | "db" | "logger">,
  metrics: Pick<RegistryMetrics, "lostSnapshots">,
): Job[] {
  const orgs = createReconciliation({
    bus,
    logger,
    keepers: [{ name: "billing", rpc: compareOrgs }],
    page: (after, limit) => nextOrgs(db, after, limit),
    republish: (lost) => republishOrgs(db, lost),
    onWalked: (_keeper, lacking) => metrics.lostSnapshots.set({ of: "org" }, lacking),
  });
  const members = createReconciliation({
    bus,
    logger,
    keepers: [{ name: "billing", rpc: compareMembers }],
    page: (after, limit) => nextMembers(db, after, limit),
    republish: (lost) => republishMembers(db, lost),
    onWalked: (_keeper, lacking) => metrics.lostSnapshots.set({ of: "member" }, lacking),
  });
  const shared = { intervalMs: 30_000, timeoutMs: 25_000, owner: "one" } as const;
  return [
    { ...shared, name: "reconcile-orgs", run: (signal) => orgs.run(signal) },
    { ...shared, name: "reconcile-members", run: (signal) => members.run(signal) },
  ];
}

import { syncLeases } from "@topdog/contracts/rpc/sync-leases";
import type { Bus } from "@topdog/messaging/connect";
import { serveRpc } from "@topdog/messaging/rpc";
import type { QuotaDeps } from "../usecases/deps.ts";
import { synchronizeLeases } from "../usecases/sync-leases.ts";

/** Answers the gateways. Instances share one queue; what is in hand at a stop is finished. */
export function answerSyncLeases(bus: Bus, deps: QuotaDeps, maxInFlight: number): { stop(): Promise<void> } {
  return serveRpc(bus, syncLeases, {
    maxInFlight,
    logger: deps.logger,
    handle: async (request) => {
      const startedMs = performance.now();
      const observe = (outcome: "ok" | "failed"): void =>
        deps.metrics.syncSeconds.observe({ outcome }, (performance.now() - startedMs) / 1000);
      try {
        const reply = await synchronizeLeases(deps, request);
        observe("ok");
        return reply;
      } catch (error) {
        observe("failed");
        throw error;
      }
    },
  });
}

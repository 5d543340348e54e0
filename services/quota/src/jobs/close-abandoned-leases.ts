import type { Job } from "@topdog/service/job";
import { closeAbandonedLeases } from "../usecases/close-abandoned-leases.ts";
import type { QuotaDeps } from "../usecases/deps.ts";
import type { Listening } from "../usecases/listening.ts";

export interface CloseAbandonedLeasesDeps {
  readonly deps: QuotaDeps;
  readonly listening: Listening;
  readonly isBusConnected: () => boolean;
  readonly gatewayTimeoutMs: number;
}

/** Of the timeout: how much later than that a silent gateway may be noticed. */
const intervalShare = 0.2;

/** Closes the leases of gateways that were silent for too long; while the bus or the database was away, or was restored, silence proves nothing. */
export const closeAbandonedLeasesJob = (options: CloseAbandonedLeasesDeps): Job => ({
  name: "close-abandoned-leases",
  intervalMs: options.gatewayTimeoutMs * intervalShare,
  timeoutMs: 20_000,
  owner: "one",
  run: async () => {
    const { deps, listening, gatewayTimeoutMs } = options;
    if (!options.isBusConnected()) listening.interrupted();
    if (listening.confirmed(await deps.store.readClock()) && listening.sinceMs() >= gatewayTimeoutMs)
      await closeAbandonedLeases(deps, gatewayTimeoutMs);
  },
});

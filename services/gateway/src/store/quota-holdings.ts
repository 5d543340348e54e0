import type { AskPermits } from "../clients/permit-asks.ts";
import type { QuotaSync } from "../clients/quota-sync.ts";
import { processTimers } from "../clients/timers.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { createPermits, type Permits } from "./permits.ts";
import { createQuotaLeases, type QuotaLeases } from "./quota-leases.ts";

export interface QuotaHoldingsDeps {
  readonly gatewayId: string;
  readonly monotonicMs: () => number;
  readonly sync: QuotaSync;
  readonly askPermits: AskPermits;
  readonly maxBuckets: number;
  readonly metrics: GatewayMetrics;
  readonly onFailure: (error: unknown) => void;
}

export interface QuotaHoldings {
  readonly leases: QuotaLeases;
  readonly permits: Permits;
}

/** What quota gives to this gateway: tokens of the day, and concurrent requests. It is told by either that this process is alive. */
export function createQuotaHoldings(deps: QuotaHoldingsDeps): QuotaHoldings {
  const { gatewayId, monotonicMs, maxBuckets, metrics, onFailure } = deps;
  const shared = { gatewayId, monotonicMs, timers: processTimers };
  const permits = createPermits({
    ...shared,
    ask: deps.askPermits,
    isAway: () => leases.sync.unreachableMs() > 0,
    maxOwners: maxBuckets,
    onFailure,
  });
  const leases: QuotaLeases = createQuotaLeases({
    ...shared,
    call: deps.sync,
    maxBuckets,
    onHeard: (askedMs) => permits.heard(askedMs),
    mustBeHeard: () => permits.holdsAny(),
    onSync: (outcome, count) => {
      metrics.leaseSyncs.inc({ outcome }, 1);
      metrics.syncedLeases.inc(count);
    },
    onFailure,
  });
  return { leases, permits };
}

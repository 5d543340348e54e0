import type { AskPermits } from "../clients/permit-asks.ts";
import type { QuotaSync } from "../clients/quota-sync.ts";
import type { Timers } from "../clients/timers.ts";
import type { GatewayMetrics } from "../metrics.ts";
import { type LastWords, type LeaseJournal, openJournals } from "./lease-journal.ts";
import { createPermits, type Permits } from "./permits.ts";
import { createQuotaLeases, type QuotaLeases } from "./quota-leases.ts";

export interface QuotaHoldingsDeps {
  readonly gatewayId: string;
  readonly monotonicMs: () => number;
  readonly timers: Timers;
  readonly sync: QuotaSync;
  readonly askPermits: AskPermits;
  readonly maxBuckets: number;
  readonly metrics: Pick<GatewayMetrics, "leaseSyncs" | "syncedLeases">;
  readonly onFailure: (error: unknown) => void;
  /** Of what is taken of small limits; without one a crash burns their windows. */
  readonly journalDir?: string | undefined;
}

export interface QuotaHoldings {
  readonly leases: QuotaLeases;
  readonly permits: Permits;
  readonly journal: LeaseJournal | null;
  /** Of gateways that died here. */
  readonly lastWords: readonly LastWords[];
}

/** What quota gives to this gateway: tokens of the day, and concurrent requests. It is told by either that this process is alive. */
export function createQuotaHoldings(deps: QuotaHoldingsDeps): QuotaHoldings {
  const { gatewayId, monotonicMs, timers, maxBuckets, metrics, onFailure } = deps;
  const shared = { gatewayId, monotonicMs, timers };
  const { journal, lastWords } = openJournals(deps.journalDir, gatewayId, onFailure);
  const permits = createPermits({
    ...shared,
    ask: deps.askPermits,
    awayMs: () => leases.sync.unreachableMs(),
    maxOwners: maxBuckets,
    onFailure,
  });
  const leases: QuotaLeases = createQuotaLeases({
    ...shared,
    call: deps.sync,
    journal: journal ?? undefined,
    maxBuckets,
    onHeard: (askedMs, history) => permits.heard(askedMs, history),
    mustBeHeard: () => permits.holdsAny(),
    onSync: (outcome, count) => {
      metrics.leaseSyncs.inc({ outcome }, 1);
      metrics.syncedLeases.inc(count);
    },
    onFailure,
  });
  return { leases, permits, journal, lastWords };
}

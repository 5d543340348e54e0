import type { Database } from "@topdog/postgres/pool";
import type { QuotaMetrics } from "../metrics.ts";
import { type ConsistencyCount, countConsistency } from "../store/consistency.ts";

export interface Consistency extends ConsistencyCount {
  /** Agreeing ÷ checked; 1 when nothing was touched. */
  readonly ratio: number;
  readonly measuredAtMs: number;
}

export interface ConsistencyDeps {
  readonly db: Database;
  readonly metrics: QuotaMetrics;
  readonly nowMs: () => number;
  /** Names the next sample. */
  readonly nextSalt: () => number;
}

const maxAgeMs = 1_000;
const rowBudget = 200_000;

/** Measures once a second at most: requests within that time share one answer. */
export function createConsistencyMeter(deps: ConsistencyDeps): () => Promise<Consistency> {
  let latest: Promise<Consistency> | undefined;
  let startedMs = Number.NEGATIVE_INFINITY;
  return () => {
    const now = deps.nowMs();
    if (latest !== undefined && now - startedMs < maxAgeMs) return latest;
    startedMs = now;
    const measuring = measure(deps);
    latest = measuring;
    measuring.catch(() => {
      if (latest === measuring) latest = undefined;
    });
    return measuring;
  };
}

async function measure({ db, metrics, nowMs, nextSalt }: ConsistencyDeps): Promise<Consistency> {
  const count = await countConsistency(db, rowBudget, nextSalt());
  const ratio = count.checkedBuckets === 0 ? 1 : count.agreeingBuckets / count.checkedBuckets;
  metrics.consistency.set(ratio);
  metrics.checkedBuckets.set(count.checkedBuckets);
  metrics.missingSeqs.set(count.missingSeqs);
  metrics.openRows.set(count.openRows);
  metrics.unknownRows.set(count.unknownRows);
  metrics.oldestGapSeconds.set((count.oldestGapMs ?? 0) / 1000);
  return { ...count, ratio, measuredAtMs: nowMs() };
}

import type { Database } from "@topdog/postgres/pool";
import type { BucketKey } from "../domain/bucket.ts";
import type { QuotaMetrics } from "../metrics.ts";
import { type CheckFrom, type ConsistencyCount, countConsistency } from "../store/consistency.ts";

export interface Consistency extends ConsistencyCount {
  /** Agreeing ÷ checked; 1 when nothing was touched. */
  readonly ratio: number;
  readonly measuredAtMs: number;
}

export interface ConsistencyDeps {
  readonly db: Database;
  readonly metrics: QuotaMetrics;
  readonly nowMs: () => number;
}

const maxAgeMs = 1_000;
const bounds = { maxBuckets: 500, maxRows: 200_000 };
/** Buckets that did not agree, looked at again by each run until they do. */
const maxSuspects = 100;

/**
 * Measures once a second at most: requests within that time share one answer. A run checks a part of the buckets, the next run
 * the part after it; so what did not agree stays in the figure, and is not gone because the walk went on.
 */
export function createConsistencyMeter(deps: ConsistencyDeps): () => Promise<Consistency> {
  let latest: Promise<Consistency> | undefined;
  let startedMs = Number.NEGATIVE_INFINITY;
  let from: CheckFrom = { after: null, suspects: [] };

  async function run(): Promise<Consistency> {
    const count = await countConsistency(deps.db, bounds, from);
    const suspects: readonly BucketKey[] = count.disagreeing.slice(0, maxSuspects);
    from = { after: count.last ?? from.after, suspects };
    return show(deps, count);
  }

  return () => {
    const now = deps.nowMs();
    if (latest !== undefined && now - startedMs < maxAgeMs) return latest;
    startedMs = now;
    const measuring = run();
    latest = measuring;
    measuring.catch(() => {
      if (latest === measuring) latest = undefined;
    });
    return measuring;
  };
}

function show({ metrics, nowMs }: ConsistencyDeps, count: ConsistencyCount): Consistency {
  const ratio = count.checkedBuckets === 0 ? 1 : count.agreeingBuckets / count.checkedBuckets;
  metrics.consistency.set(ratio);
  metrics.checkedBuckets.set(count.checkedBuckets);
  metrics.oversizedBuckets.set(count.oversizedBuckets);
  metrics.missingSeqs.set(count.missingSeqs);
  metrics.openRows.set(count.openRows);
  metrics.unknownRows.set(count.unknownRows);
  metrics.oldestGapSeconds.set((count.oldestGapMs ?? 0) / 1000);
  return { ...count, ratio, measuredAtMs: nowMs() };
}

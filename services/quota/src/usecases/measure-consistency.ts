import type { Database } from "@topdog/postgres/pool";
import type { Logger } from "@topdog/telemetry/logger";
import type { QuotaMetrics } from "../metrics.ts";
import { type MeteringState, proveMetering, readMetering } from "../store/metering-proof.ts";

export interface Consistency extends MeteringState {
  /** Agreeing ÷ all buckets; 1 when there are none. */
  readonly ratio: number;
  readonly agreeingBuckets: number;
  readonly measuredAtMs: number;
}

export interface ConsistencyDeps {
  readonly db: Database;
  readonly metrics: QuotaMetrics;
  readonly logger: Logger;
  readonly nowMs: () => number;
  /** How long a call may be without its usage record until it is given up. */
  readonly usageDeadlineMs: number;
}

const maxAgeMs = 1_000;
const notesPerPass = 1_000;
/** Rows that are open so long after their deadline show that nobody gives them up. */
const overdueSlackMs = 60_000;
/** What was written so long ago must have been compared: an older figure is no figure. */
const mostBehindMs = 60_000;

/** Compares what was written since the last run, until nothing is left or the time is over. */
export async function proveAllMetering(db: Database, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await proveMetering(db, notesPerPass)) === notesPerPass);
}

/** Reads the figures once a second at most: requests within that time share one answer. A failure shows no figure rather than an old one. */
export function createConsistencyMeter(deps: ConsistencyDeps): () => Promise<Consistency> {
  let latest: Promise<Consistency> | undefined;
  let startedMs = Number.NEGATIVE_INFINITY;
  let toldGap = "";

  async function run(): Promise<Consistency> {
    try {
      const state = await readMetering(deps.db, deps.usageDeadlineMs + overdueSlackMs);
      if (state.behindMs > mostBehindMs)
        throw new Error(`the ledger is compared up to ${Math.round(state.behindMs / 1000)} s ago only`);
      tellGap(state);
      return show(deps, state);
    } catch (error) {
      deps.metrics.consistency.remove();
      deps.metrics.provenBuckets.remove();
      throw error;
    }
  }

  function tellGap({ firstGap, disagreeingBuckets }: MeteringState): void {
    const gap = firstGap === null ? "" : JSON.stringify(firstGap);
    if (gap !== "" && gap !== toldGap)
      deps.logger.error({ ...firstGap, disagreeingBuckets }, "the ledger and the counters do not agree");
    toldGap = gap;
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

function show({ metrics, nowMs }: ConsistencyDeps, state: MeteringState): Consistency {
  const agreeingBuckets = Math.max(0, state.buckets - state.disagreeingBuckets - state.overdueRows);
  const ratio = state.buckets === 0 ? 1 : agreeingBuckets / state.buckets;
  metrics.consistency.set(ratio);
  metrics.provenBuckets.set(state.buckets);
  for (const kind of ["agreement", "conservation", "unknown", "missing"] as const)
    metrics.meteringGaps.set({ kind }, state.gaps[kind]);
  metrics.missingSeqs.set(state.missingSeqs);
  metrics.openRows.set(state.openRows);
  metrics.overdueRows.set(state.overdueRows);
  metrics.unknownRows.set(state.unknownRows);
  metrics.oldestGapSeconds.set((state.oldestGapMs ?? 0) / 1000);
  metrics.proofBehindSeconds.set(state.behindMs / 1000);
  return { ...state, ratio, agreeingBuckets, measuredAtMs: nowMs() };
}

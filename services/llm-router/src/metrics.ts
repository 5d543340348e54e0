import type { Metrics } from "@topdog/telemetry/metrics";
import { failureKinds } from "./domain/attempt-failure.ts";
import type { BreakerState } from "./clients/breaker.ts";

export interface RouterMetricsSources {
  readonly upstreamIds: readonly string[];
  readonly families: readonly string[];
  readonly spool: () => { readonly bytes: number; readonly openCalls: number; readonly segments: number } | null;
}

const secondsToFirstContent = [0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4];
const secondsToSync = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const breakerValues: Record<BreakerState, number> = { closed: 0, half_open: 1, open: 2 };

export type RouterMetrics = ReturnType<typeof createRouterMetrics>;

/** Every metric of the router. Label values are known at the start: upstreams and model families are configuration. */
export function createRouterMetrics(metrics: Metrics, sources: RouterMetricsSources) {
  const { upstreamIds, families } = sources;
  const attempts = metrics.counter({
    name: "topdog_llm_router_upstream_attempts_total",
    help: "Calls given to an upstream, by what came of them before the first content",
    labels: { upstream: upstreamIds, outcome: ["ok", "refused", ...failureKinds] },
  });
  const firstContent = metrics.histogram({
    name: "topdog_llm_router_first_content_seconds",
    help: "From dispatch to the first content event of a stream",
    labels: { upstream: upstreamIds },
    buckets: secondsToFirstContent,
  });
  const breakers = metrics.gauge({
    name: "topdog_llm_router_breaker_state",
    help: "0 closed, 1 half-open, 2 open",
    labels: { upstream: upstreamIds, family: families },
  });
  metrics.gauge({
    name: "topdog_llm_router_spool_bytes",
    help: "Bytes in the usage spool",
    collect: (gauge) => gauge.set(sources.spool()?.bytes ?? 0),
  });
  metrics.gauge({
    name: "topdog_llm_router_spool_open_calls",
    help: "Calls with an intent and no final yet",
    collect: (gauge) => gauge.set(sources.spool()?.openCalls ?? 0),
  });
  metrics.gauge({
    name: "topdog_llm_router_spool_segments",
    help: "Files in the usage spool",
    collect: (gauge) => gauge.set(sources.spool()?.segments ?? 0),
  });
  const sync = metrics.histogram({
    name: "topdog_llm_router_spool_sync_seconds",
    help: "Duration of a group fdatasync",
    buckets: secondsToSync,
  });
  const shipped = metrics.counter({
    name: "topdog_llm_router_usage_shipped_total",
    help: "Usage records that the bus has stored",
  });
  const dropped = metrics.counter({
    name: "topdog_llm_router_usage_dropped_total",
    help: "Usage records that no retry could make acceptable: every one is a bug",
  });
  const refused = metrics.counter({
    name: "topdog_llm_router_usage_refused_total",
    help: "Calls refused because their usage could not be recorded",
  });
  const attemptSeries = new Map<string, { inc(): void }>();
  return {
    attempt(upstream: string, outcome: "ok" | "refused" | (typeof failureKinds)[number]): void {
      const key = `${upstream} ${outcome}`;
      let series = attemptSeries.get(key);
      if (series === undefined) attemptSeries.set(key, (series = attempts.labels({ upstream, outcome })));
      series.inc();
    },
    firstContent: (upstream: string, ms: number) => firstContent.observe({ upstream }, ms / 1000),
    breaker: (upstream: string, family: string, state: BreakerState) =>
      breakers.set({ upstream, family }, breakerValues[state]),
    synced: (ms: number) => sync.observe(ms / 1000),
    shipped: () => shipped.inc(),
    dropped: () => dropped.inc(),
    refused: () => refused.inc(),
  };
}

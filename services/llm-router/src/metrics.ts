import type { Metrics } from "@topdog/telemetry/metrics";
import { type FailureKind, failureKinds } from "./domain/failure-table.ts";
import { judgedPlans } from "./domain/answer-consistency.ts";
import { dataSegments } from "./domain/data-segment.ts";
import type { Judged } from "./domain/answer-judgements.ts";
import type { BreakerState } from "./clients/breaker.ts";

export type AttemptOutcome = "ok" | "refused" | FailureKind;

/** How a call ended: `fallback`: another than the first choice answered it. */
const callResults = ["first", "fallback", "failed", "rejected", "client_closed"] as const;
export type CallResult = (typeof callResults)[number];

const ownSeconds = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2];
const secondsToFirstContent = [0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4];
const tenths = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const secondsToSync = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

const hedgeResults = ["won", "lost", "over_budget"] as const;

/** What the breaker gauge shows. */
export const breakerValues: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 };

/** Label values that are known at the start: upstreams and model families are configuration. */
export interface RouterMetricLabels {
  readonly upstreamIds: readonly string[];
  readonly families: readonly string[];
}

export interface RouterMetrics {
  readonly calls: { labels(labels: { result: CallResult }): { inc(): void } };
  readonly lostCostUsd: { inc(usd: number): void };
  readonly ownSeconds: { observe(seconds: number): void };
  readonly attempts: { labels(labels: { upstream: string; outcome: AttemptOutcome }): { inc(): void } };
  readonly firstContentSeconds: { observe(labels: { upstream: string }, seconds: number): void };
  readonly hedges: { inc(labels: { result: (typeof hedgeResults)[number] }): void };
  readonly hedgeCostUsd: { inc(usd: number): void };
  readonly breakerState: { set(labels: { upstream: string; family: string }, value: number): void };
  readonly spoolSyncSeconds: { observe(seconds: number): void };
  readonly usageShipped: { inc(records: number): void };
  readonly usageQuarantined: { inc(): void };
  readonly usageRefused: { inc(): void };
  readonly keepingFailures: { inc(): void };
  readonly answerConsistency: { observe(of: Judged, value: number): void };
  readonly hallucinationSeverity: { observe(of: Judged, value: number): void };
}

export function createRouterMetrics(metrics: Metrics, { upstreamIds, families }: RouterMetricLabels): RouterMetrics {
  return {
    calls: metrics.counter({
      name: "topdog_llm_router_calls_total",
      help: "Calls of models that are on record, by how they ended; fallback: another than the first choice answered",
      labels: { result: callResults },
    }),
    lostCostUsd: metrics.counter({
      name: "topdog_llm_router_lost_cost_usd_total",
      help: "US dollars that providers are owed for calls which failed after content had come",
    }),
    ownSeconds: metrics.histogram({
      name: "topdog_llm_router_own_seconds",
      help: "From a call's arrival to the first question to a provider: what the router itself adds",
      buckets: ownSeconds,
    }),
    attempts: metrics.counter({
      name: "topdog_llm_router_upstream_attempts_total",
      help: "Calls given to an upstream, by their result before the first content",
      labels: { upstream: upstreamIds, outcome: ["ok", "refused", ...failureKinds] },
    }),
    firstContentSeconds: metrics.histogram({
      name: "topdog_llm_router_first_content_seconds",
      help: "From dispatch to the first content event of a stream",
      labels: { upstream: upstreamIds },
      buckets: secondsToFirstContent,
    }),
    hedges: metrics.counter({
      name: "topdog_llm_router_hedges_total",
      help: "Second attempts beside slow ones; won: the second one answered; over_budget: there was none for that reason",
      labels: { result: hedgeResults },
    }),
    hedgeCostUsd: metrics.counter({
      name: "topdog_llm_router_hedge_cost_usd_total",
      help: "US dollars of attempts that were broken off because the other one answered: their prompts, at least",
    }),
    breakerState: metrics.gauge({
      name: "topdog_llm_router_breaker_state",
      help: "0 closed, 1 half-open, 2 open",
      labels: { upstream: upstreamIds, family: families },
    }),
    spoolSyncSeconds: metrics.histogram({
      name: "topdog_llm_router_spool_sync_seconds",
      help: "Duration of a group fdatasync",
      buckets: secondsToSync,
    }),
    usageShipped: metrics.counter({
      name: "topdog_llm_router_usage_shipped_total",
      help: "Usage records that the bus has stored",
    }),
    usageQuarantined: metrics.counter({
      name: "topdog_llm_router_usage_quarantined_total",
      help: "Usage records that the bus cannot take as they are, kept in the spool's quarantine: every one is a bug",
    }),
    usageRefused: metrics.counter({
      name: "topdog_llm_router_usage_refused_total",
      help: "Calls refused because their usage could not be recorded",
    }),
    answerConsistency: metrics.histogram({
      name: "topdog_llm_router_answer_consistency_ratio",
      help: "How consistent evaluators found answers of this process; 1: wholly",
      labels: { plan: judgedPlans, segment: dataSegments },
      buckets: tenths,
    }),
    hallucinationSeverity: metrics.histogram({
      name: "topdog_llm_router_hallucination_severity_ratio",
      help: "How bad evaluators found what answers of this process made up; 0: nothing",
      labels: { plan: judgedPlans, segment: dataSegments },
      buckets: [0, ...tenths],
    }),
    keepingFailures: metrics.counter({
      name: "topdog_llm_router_keeping_failures_total",
      help: "Answers that could not be kept, or kept ones that could not be read: the database was away",
    }),
  };
}

export interface SpoolSize {
  readonly bytes: number;
  readonly openCalls: number;
  readonly segments: number;
}

export interface GaugeSources {
  readonly spool: () => SpoolSize;
  readonly link: { calls(): number; connections(): number };
}

/** Values that are read at each scrape. */
export function registerGauges(metrics: Metrics, { spool, link }: GaugeSources): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    metrics.gauge({ name, help, collect: (one) => one.set(read()) });
  };
  gauge("topdog_llm_router_spool_bytes", "Bytes in the usage spool", () => spool().bytes);
  gauge("topdog_llm_router_spool_open_calls", "Calls with an intent and no final yet", () => spool().openCalls);
  gauge("topdog_llm_router_spool_segments", "Files in the usage spool", () => spool().segments);
  gauge("topdog_llm_router_link_calls", "Calls of gateways that are not over", () => link.calls());
  gauge("topdog_llm_router_gateway_links", "Gateways that are connected and proved", () => link.connections());
}

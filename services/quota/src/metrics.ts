import type { Metrics } from "@topdog/telemetry/metrics";
import { type Violation, violations } from "./domain/lease.ts";

type Total = { inc(value: number): void };
type Level = { set(value: number): void };
type LevelBy<L extends object> = { set(labels: L, value: number): void };
type TotalBy<L extends object> = { inc(labels: L, value?: number): void };

export interface LeaseMetrics {
  readonly syncSeconds: { observe(labels: { outcome: "ok" | "failed" }, seconds: number): void };
  readonly reports: TotalBy<{ outcome: "settled" | "asked" | "stale" | "violation" | "unknown" | "recovered" }>;
  readonly violations: TotalBy<{ reason: Violation }>;
  readonly granted: Total;
  readonly returned: Total;
  readonly burned: Total;
  readonly recalls: TotalBy<{ reason: "tail" | "limit_changed" }>;
  readonly abandoned: Total;
}

export interface LedgerMetrics {
  readonly ledgerRows: TotalBy<{
    outcome: "completed" | "created" | "refunded" | "refund_kept" | "repeated" | "rejected" | "unknown";
  }>;
  readonly ledgerLagSeconds: { observe(seconds: number): void };
}

export interface ConsistencyMetrics {
  readonly consistency: Level & { remove(): void };
  readonly provenBuckets: Level & { remove(): void };
  readonly meteringGaps: LevelBy<{ kind: "agreement" | "conservation" | "unknown" | "missing" }>;
  readonly missingSeqs: Level;
  readonly openRows: Level;
  readonly overdueRows: Level;
  readonly unknownRows: Level;
  readonly oldestGapSeconds: Level;
  readonly proofBehindSeconds: Level;
  readonly propagationSeconds: { observe(seconds: number): void };
}

export interface PermitMetrics {
  readonly permits: TotalBy<{ outcome: "ok" | "short" }>;
}

export type QuotaMetrics = LeaseMetrics & PermitMetrics & LedgerMetrics & ConsistencyMetrics;

const syncBucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const lagBucketsSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 900];

/** Every metric of this service. */
export function createQuotaMetrics(metrics: Metrics): QuotaMetrics {
  return {
    ...leaseMetrics(metrics),
    permits: metrics.counter({
      name: "topdog_quota_permit_asks_total",
      help: "Questions of gateways for an owner's concurrent requests; short: the plan has no more",
      labels: { outcome: ["ok", "short"] },
    }),
    ...ledgerMetrics(metrics),
    ...consistencyMetrics(metrics),
  };
}

function leaseMetrics(metrics: Metrics): LeaseMetrics {
  return {
    syncSeconds: metrics.histogram({
      name: "topdog_quota_sync_seconds",
      help: "Time to answer one sync message of a gateway",
      labels: { outcome: ["ok", "failed"] },
      buckets: syncBucketsSeconds,
    }),
    reports: metrics.counter({
      name: "topdog_quota_reports_total",
      help: "Lease reports in sync messages, by their result",
      labels: { outcome: ["settled", "asked", "stale", "violation", "unknown", "recovered"] },
    }),
    violations: metrics.counter({
      name: "topdog_quota_violations_total",
      help: "Leases fenced because a gateway's report cannot be true",
      labels: { reason: violations },
    }),
    granted: metrics.counter({ name: "topdog_quota_granted_tokens_total", help: "Tokens granted to gateways" }),
    returned: metrics.counter({ name: "topdog_quota_returned_tokens_total", help: "Tokens that came back unused" }),
    burned: metrics.counter({
      name: "topdog_quota_burned_tokens_total",
      help: "Tokens kept back because a gateway vanished and may have used them",
    }),
    recalls: metrics.counter({
      name: "topdog_quota_recalls_total",
      help: "Recall signals sent",
      labels: { reason: ["tail", "limit_changed"] },
    }),
    abandoned: metrics.counter({
      name: "topdog_quota_abandoned_leases_total",
      help: "Leases closed without their gateway",
    }),
  };
}

function ledgerMetrics(metrics: Metrics): LedgerMetrics {
  return {
    ledgerRows: metrics.counter({
      name: "topdog_quota_ledger_rows_total",
      help: "Tokens of usage records, by what they did to the ledger",
      labels: { outcome: ["completed", "created", "refunded", "refund_kept", "repeated", "rejected", "unknown"] },
    }),
    ledgerLagSeconds: metrics.histogram({
      name: "topdog_quota_ledger_lag_seconds",
      help: "From the end of a call to its completed ledger row",
      buckets: lagBucketsSeconds,
    }),
  };
}

function consistencyMetrics(metrics: Metrics): ConsistencyMetrics {
  return {
    consistency: metrics.gauge({
      name: "topdog_quota_metering_consistency_ratio",
      help: "Share of buckets of all kept days whose ledger agrees with their counters and leases; absent while that is not known",
    }),
    provenBuckets: metrics.gauge({
      name: "topdog_quota_proven_buckets",
      help: "Buckets of all kept days that the share is of; absent while it is not known",
    }),
    meteringGaps: metrics.gauge({
      name: "topdog_quota_metering_gaps",
      help: "Guarantees that do not hold of a bucket or lease; unknown: calls without a usage record; missing: on their way",
      labels: { kind: ["agreement", "conservation", "unknown", "missing"] },
    }),
    missingSeqs: metrics.gauge({
      name: "topdog_quota_consistency_missing_seqs",
      help: "Admitted tokens that a later one proves and that are not in the ledger",
    }),
    openRows: metrics.gauge({
      name: "topdog_quota_ledger_open_rows",
      help: "Admitted rows without a usage record yet; counted up to 5,000",
    }),
    overdueRows: metrics.gauge({
      name: "topdog_quota_ledger_overdue_rows",
      help: "Admitted rows without a usage record a minute after they should have been given up; counted up to 5,000",
    }),
    unknownRows: metrics.gauge({
      name: "topdog_quota_ledger_unknown_rows",
      help: "Rows of all kept days whose usage record did not come within the deadline",
    }),
    oldestGapSeconds: metrics.gauge({
      name: "topdog_quota_oldest_unledgered_seconds",
      help: "Age of the oldest known token that is admitted and not in the ledger",
    }),
    proofBehindSeconds: metrics.gauge({
      name: "topdog_quota_proof_behind_seconds",
      help: "Age of the oldest write to the ledger that is not compared yet",
    }),
    propagationSeconds: metrics.histogram({
      name: "topdog_quota_plan_propagation_seconds",
      help: "From the change of a subscription to the commit of the limits that follow from it",
      buckets: lagBucketsSeconds,
    }),
  };
}

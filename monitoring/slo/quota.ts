import { burnGate } from "./burn-gate.ts";
import type { Gate, ServiceObjectives, Slo } from "./definition.ts";
import { httpAvailability } from "./http.ts";

const syncs = "topdog_quota_sync_seconds_count";

const availability: Slo = {
  name: "availability",
  promise: "Reports of gateways are answered",
  objective: 0.999,
  sli: { kind: "events", bad: `${syncs}{outcome="failed"}`, all: syncs },
  leastEvents: 140,
  runbook: "quota-away",
};

const latency: Slo = {
  name: "latency",
  promise: "A report is answered within 50 ms",
  objective: 0.99,
  sli: {
    kind: "latency",
    histogram: "topdog_quota_sync_seconds",
    where: { outcome: "ok" },
    withinSeconds: 0.05,
    rehearsedSeconds: 0.5,
  },
  leastEvents: 140,
  runbook: "quota-away",
};

const freshness: Slo = {
  name: "ledger-freshness",
  promise: "A call is complete in the ledger 2 s after its end",
  objective: 0.99,
  sli: { kind: "latency", histogram: "topdog_quota_ledger_lag_seconds", withinSeconds: 2 },
  leastEvents: 140,
  runbook: "metering",
};

const proven = "topdog_quota_proven_buckets";
/** Before the first measurement both are 0; while it fails neither is there. */
const disagreement = (by: string): string =>
  `max by (${by}) ((1 - topdog_quota_metering_consistency_ratio) and (${proven} > 0))`;

const metering: Gate = {
  name: "metering",
  meaning: "Share of buckets whose ledger does not agree with their counters, or whose calls have no usage record",
  unit: "share of buckets",
  value: () => disagreement("service, revision"),
  samples: () => `max by (service, revision) (${proven})`,
  leastSamples: 1,
  failAt: 0.000001,
  against: "nothing",
};

export const quotaObjectives: ServiceObjectives = {
  service: "quota",
  slos: [
    availability,
    latency,
    freshness,
    httpAvailability("quota", "Questions about limits and usage are answered", 0.999),
  ],
  gates: [
    burnGate("availability", availability, { failAt: 14.4, leastSamples: 140 }),
    burnGate("latency", latency, { failAt: 6, leastSamples: 140 }),
    metering,
  ],
  alerts: [
    {
      name: "MeteringInconsistent",
      meaning: "The ledger and the counters do not agree: somebody is charged wrongly, or was given too much",
      expr: `${disagreement("service")} > 0`,
      forMinutes: 5,
      severity: "page",
      runbook: "metering",
    },
    {
      name: "MeteringUnproved",
      meaning: "For minutes nobody has known whether the ledger and the counters agree",
      expr: `(max by (service) (topdog_quota_ledger_open_rows) unless max by (service) (${proven})) >= 0 or max by (service) (topdog_quota_proof_behind_seconds) > 60`,
      forMinutes: 5,
      severity: "page",
      runbook: "metering",
    },
    {
      name: "LeaseViolation",
      meaning: "A gateway reported what cannot be true; its lease is fenced",
      expr: `sum by (service, reason) (increase(topdog_quota_violations_total[15m])) > 0`,
      forMinutes: 0,
      severity: "page",
      runbook: "metering",
    },
    {
      name: "UsageUnknown",
      meaning: "Admitted calls never got a usage record: nobody knows what they cost",
      expr: `sum by (service) (increase(topdog_quota_ledger_rows_total{outcome="unknown"}[1h])) > 0`,
      forMinutes: 0,
      severity: "ticket",
      runbook: "metering",
    },
  ],
};

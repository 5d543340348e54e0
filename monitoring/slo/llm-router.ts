import { burnGate } from "./burn-gate.ts";
import type { Gate, Growth, ServiceObjectives, Slo } from "./definition.ts";

const calls = "topdog_llm_router_calls_total";

const availability: Slo = {
  name: "availability",
  promise: "A call that reached a router is answered, or was the caller's own fault",
  objective: 0.999,
  sli: { kind: "events", bad: `${calls}{result="failed"}`, all: calls },
  leastEvents: 140,
  runbook: "provider-outage",
};

const latency: Slo = {
  name: "latency",
  promise: "A router asks the first provider within 10 ms",
  objective: 0.99,
  sli: { kind: "latency", histogram: "topdog_llm_router_own_seconds", withinSeconds: 0.01, rehearsedSeconds: 0.1 },
  leastEvents: 140,
  runbook: "slow-router",
};

const callSamples: Gate["samples"] = ({ slow }, increase) => increase(calls, slow);
/** Per call of the slow window; a counter that nobody has made yet counts as 0. */
const perCall = (counter: string, slow: string, increase: Growth): string =>
  `(${increase(counter, slow)} or 0 * ${increase(calls, slow)}) / (${increase(calls, slow)} > 0)`;

const fallback: Gate = {
  name: "fallback",
  meaning: "Share of calls that the first choice did not answer, beyond that of the stable revision",
  unit: "share of calls",
  value: ({ slow }, increase) => perCall(`${calls}{result=~"fallback|failed"}`, slow, increase),
  samples: callSamples,
  leastSamples: 100,
  failAt: 0.05,
  against: "excess",
};

const metering: Gate = {
  name: "metering",
  meaning: "Usage records put on the bus for each call that ended: one, and no more",
  unit: "share of calls wrongly counted",
  value: ({ slow }, increase) => `abs(1 - ${perCall("topdog_llm_router_usage_shipped_total", slow, increase)})`,
  samples: callSamples,
  leastSamples: 100,
  failAt: 0.2,
  against: "nothing",
};

const cost: Gate = {
  name: "unreliability_cost",
  meaning: "US dollars that providers are owed for calls which gave their callers nothing whole, per 1,000 calls",
  unit: "USD per 1,000 calls",
  value: ({ slow }, increase) => `1000 * ${perCall("topdog_llm_router_lost_cost_usd_total", slow, increase)}`,
  samples: callSamples,
  leastSamples: 140,
  failAt: 0.5,
  against: "excess",
};

const consistencyScores = "topdog_llm_router_answer_consistency_ratio";
const severities = "topdog_llm_router_hallucination_severity_ratio";
const leastJudged = 30;

const consistency: Gate = {
  name: "consistency",
  meaning:
    "How much answers to the same question differ: 1 less the mean score that evaluators gave this process's answers",
  unit: "share of agreement lost",
  value: ({ slow }, increase) =>
    `1 - ${increase(`${consistencyScores}_sum`, slow)} / (${increase(`${consistencyScores}_count`, slow)} > 0)`,
  samples: ({ slow }, increase) => increase(`${consistencyScores}_count`, slow),
  leastSamples: leastJudged,
  failAt: 0.4,
  against: "outage",
  needsEvaluators: true,
};

const hallucination: Gate = {
  name: "hallucination",
  meaning: "Share of judged answers whose hallucination is graver than 0.5",
  unit: "share of judged answers",
  value: ({ slow }, increase) =>
    `1 - ${increase(`${severities}_bucket{le="0.5"}`, slow)} / (${increase(`${severities}_count`, slow)} > 0)`,
  samples: ({ slow }, increase) => increase(`${severities}_count`, slow),
  leastSamples: leastJudged,
  failAt: 0.05,
  against: "outage",
  needsEvaluators: true,
};

export const llmRouterObjectives: ServiceObjectives = {
  service: "llm-router",
  slos: [availability, latency],
  gates: [
    burnGate("availability", availability, { failAt: 14.4, leastSamples: 140 }),
    burnGate("latency", latency, { failAt: 6, leastSamples: 140 }),
    fallback,
    metering,
    cost,
    consistency,
    hallucination,
  ],
  alerts: [
    {
      name: "UsageQuarantined",
      meaning:
        "The bus cannot take a usage record as it is: a bug, and a call that nobody pays until the record is mended",
      expr: `sum by (service) (increase(topdog_llm_router_usage_quarantined_total[15m])) > 0`,
      forMinutes: 0,
      severity: "page",
      runbook: "spool",
    },
    {
      name: "UsageNotRecordable",
      meaning: "Routers refuse calls because their spool cannot write",
      expr: `sum by (service) (increase(topdog_llm_router_usage_refused_total[5m])) > 0`,
      forMinutes: 0,
      severity: "page",
      runbook: "spool",
    },
    {
      name: "SpoolGrows",
      meaning: "Usage waits on a router's disk: the bus does not take it",
      expr: `topdog_llm_router_spool_bytes > 64 * 1024 * 1024`,
      forMinutes: 10,
      severity: "ticket",
      runbook: "spool",
    },
    {
      name: "UpstreamResting",
      meaning: "A provider's breaker stays open: calls go to others, or fail where there are none",
      expr: `max by (service, upstream, family) (topdog_llm_router_breaker_state) == 2`,
      forMinutes: 5,
      severity: "ticket",
      runbook: "provider-outage",
    },
  ],
};

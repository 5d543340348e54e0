import { burnGate } from "./burn-gate.ts";
import type { ServiceObjectives, Slo } from "./definition.ts";
import { httpAvailability } from "./http.ts";

const failed = "failed|cut|unanswered|reduced_capacity|overloaded|draining";
/** Floods of wrong keys must not hide errors among them. */
const strangers = "unauthenticated|forbidden|too_many_calls|too_many_bad_keys";

const availability: Slo = {
  name: "availability",
  promise: "Calls of the LLM API are answered without an error of ours, and to their end",
  objective: 0.9995,
  sli: {
    kind: "events",
    bad: `topdog_gateway_requests_total{outcome=~"${failed}"}`,
    all: `topdog_gateway_requests_total{outcome!~"${strangers}"}`,
  },
  leastEvents: 140,
  runbook: "llm-api-errors",
};

const latency: Slo = {
  name: "latency",
  promise: "The gateway adds at most 5 ms to a call",
  objective: 0.99,
  sli: {
    kind: "latency",
    histogram: "topdog_gateway_added_overhead_seconds",
    withinSeconds: 0.005,
    rehearsedSeconds: 0.1,
  },
  leastEvents: 140,
  runbook: "slow-gateway",
};

export const gatewayObjectives: ServiceObjectives = {
  service: "gateway",
  slos: [
    availability,
    latency,
    httpAvailability("gateway", "Account requests are answered without an error of ours", 0.999),
  ],
  gates: [
    burnGate("availability", availability, { failAt: 14.4, leastSamples: 140 }),
    burnGate("latency", latency, { failAt: 6, leastSamples: 140 }),
  ],
  alerts: [
    {
      name: "RouterLinksDown",
      meaning: "A gateway has no router that takes calls",
      expr: `topdog_gateway_ready_router_links == 0`,
      forMinutes: 1,
      severity: "page",
      runbook: "llm-api-errors",
    },
    {
      name: "GatewayUsageLost",
      meaning: "A gateway dropped usage records: gaps in the ledger",
      expr: `sum by (service) (increase(topdog_gateway_usage_publishes_total{outcome="dropped"}[15m])) > 0`,
      forMinutes: 0,
      severity: "page",
      runbook: "metering",
    },
    {
      name: "LeaseSyncsFail",
      meaning: "Gateways cannot report their leases: calls will be refused with 503 when held tokens are used up",
      expr: `(sum by (service) (rate(topdog_gateway_lease_syncs_total{outcome="failed"}[5m])) / sum by (service) (rate(topdog_gateway_lease_syncs_total[5m]))) > 0.5`,
      forMinutes: 2,
      severity: "page",
      runbook: "quota-away",
    },
  ],
};

import { burnGate } from "./burn-gate.ts";
import type { ServiceObjectives, Slo } from "./definition.ts";
import { httpAvailability } from "./http.ts";

const lookups = "topdog_org_registry_principal_lookups_total";

const availability: Slo = {
  name: "availability",
  promise: "Gateways learn who calls",
  objective: 0.999,
  sli: { kind: "events", bad: `${lookups}{outcome="failed"}`, all: lookups },
  leastEvents: 50,
  runbook: "registry-away",
};

const latency: Slo = {
  name: "latency",
  promise: "A key is looked up within 25 ms",
  objective: 0.99,
  sli: {
    kind: "latency",
    histogram: "topdog_org_registry_principal_lookup_seconds",
    withinSeconds: 0.025,
    rehearsedSeconds: 0.25,
  },
  leastEvents: 50,
  runbook: "registry-away",
};

export const orgRegistryObjectives: ServiceObjectives = {
  service: "org-registry",
  slos: [
    availability,
    latency,
    httpAvailability("org-registry", "Sign-in, keys and orgs are served without an error of ours", 0.999),
  ],
  gates: [
    burnGate("availability", availability, { failAt: 14.4, leastSamples: 70 }),
    burnGate("latency", latency, { failAt: 6, leastSamples: 70 }),
  ],
  alerts: [],
};

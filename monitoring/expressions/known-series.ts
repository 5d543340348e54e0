import { createBillingMetrics } from "@topdog/billing/metrics";
import { serviceNames, type ServiceName } from "@topdog/contracts/services";
import { createGatewayMetrics, registerGauges as registerGatewayGauges } from "@topdog/gateway/metrics";
import { createRouterMetrics, registerGauges as registerRouterGauges } from "@topdog/llm-router/metrics";
import { createMessagingMetrics, createRefusalCounter } from "@topdog/messaging/metrics";
import { createRegistryMetrics } from "@topdog/org-registry/metrics";
import { createQuotaMetrics } from "@topdog/quota/metrics";
import { countRequests } from "@topdog/service/http-metrics";
import { createJobMetrics } from "@topdog/service/job";
import { gaugeLostLines } from "@topdog/service/log-metrics";
import { createMetrics, type Metrics } from "@topdog/telemetry/metrics";
import { exporterSeries } from "./exporters.ts";

/** Label → the values that it may have; null: any. */
export type KnownLabels = ReadonlyMap<string, ReadonlySet<string> | null>;
export type KnownSeries = ReadonlyMap<string, KnownLabels>;

/** What Prometheus adds to each target. */
const targetLabels = ["job", "instance", "pod", "revision"];
/** Their values are configuration: which providers there are, which jobs a service has. */
const openLabels = new Set(["upstream", "family", "job", ...targetLabels]);

const nothing = { ready: 0, ejected: 0, down: 0 };

const registrations: Readonly<Record<ServiceName, (metrics: Metrics) => void>> = {
  billing: createBillingMetrics,
  quota: createQuotaMetrics,
  "org-registry": createRegistryMetrics,
  "llm-router": (metrics) => {
    createRouterMetrics(metrics, { upstreamIds: ["any"], families: ["any"] });
    registerRouterGauges(metrics, {
      spool: () => ({ bytes: 0, openCalls: 0, segments: 0 }),
      link: { calls: () => 0, connections: () => 0 },
    });
  },
  gateway: (metrics) => {
    createGatewayMetrics(metrics);
    registerGatewayGauges(metrics, {
      inFlight: () => 0,
      heldLeases: () => 0,
      activeKeys: () => 0,
      activeAddresses: () => 0,
      bodyBytes: () => 0,
      connections: () => 0,
      openingConnections: () => 0,
      knownPrincipals: () => 0,
      queuedUsage: () => 0,
      silentSiblings: () => 0,
      links: () => nothing,
    });
  },
};

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
}

/** Every series that the services can have, from the code that makes them, and those of the exporters that are listed. */
export async function knownSeries(): Promise<KnownSeries> {
  const known = new Map<string, Map<string, Set<string> | null>>(
    Object.entries(exporterSeries).map(([name, labels]) => [
      name,
      new Map([...targetLabels, "service", ...labels].map((label) => [label, null])),
    ]),
  );
  for (const service of serviceNames) {
    const metrics = createMetrics(service);
    registrations[service](metrics);
    createMessagingMetrics(metrics);
    createRefusalCounter(metrics);
    createJobMetrics(metrics, ["any"]);
    countRequests(metrics);
    gaugeLostLines(metrics, { lostLines: () => 0 });
    for (const { name, values } of await metrics.registry.getMetricsAsJSON()) {
      // Of Node itself, and made when the first event comes.
      if (values.length === 0) for (const part of ["", "_bucket", "_sum", "_count"]) add(known, name + part, {});
      for (const { metricName = name, labels } of values as readonly Sample[]) add(known, metricName, labels);
    }
  }
  return known;
}

function add(
  known: Map<string, Map<string, Set<string> | null>>,
  name: string,
  labels: Readonly<Record<string, string | number>>,
): void {
  const own = known.get(name) ?? new Map<string, Set<string> | null>(targetLabels.map((label) => [label, null]));
  known.set(name, own);
  for (const [label, value] of Object.entries(labels)) {
    if (openLabels.has(label)) own.set(label, null);
    else own.set(label, (own.get(label) ?? new Set()).add(String(value)));
  }
}

import { createMessagingMetrics, type MessagingMetrics } from "@topdog/messaging/metrics";
import type { Metrics } from "@topdog/telemetry/metrics";

export interface RegistryMetrics {
  readonly messaging: MessagingMetrics;
  /** Counts one answered principal look-up. */
  principalResolved(outcome: "found" | "refused" | "failed", seconds: number): void;
  seatsLost(count: number): void;
}

export function createRegistryMetrics(metrics: Metrics): RegistryMetrics {
  const lookups = metrics.counter({
    name: "topdog_org_registry_principal_lookups_total",
    help: "Principal look-ups answered, by what came out",
    labels: { outcome: ["found", "refused", "failed"] },
  });
  const lookupSeconds = metrics.histogram({
    name: "topdog_org_registry_principal_lookup_seconds",
    help: "Time to answer a principal look-up",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  });
  const seats = metrics.counter({
    name: "topdog_org_registry_lost_seats_total",
    help: "Members deactivated because fewer seats are paid for",
  });
  return {
    messaging: createMessagingMetrics(metrics),
    principalResolved: (outcome, seconds) => {
      lookups.inc({ outcome });
      lookupSeconds.observe(seconds);
    },
    seatsLost: (count) => seats.inc(count),
  };
}

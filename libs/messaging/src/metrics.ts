import type { Metrics } from "@topdog/telemetry/metrics";

const consumeOutcomes = ["ok", "duplicate", "retried", "dead_lettered", "invalid"] as const;
export type ConsumeOutcome = (typeof consumeOutcomes)[number];

/** What the relay and the consumers of a process count. */
export interface MessagingMetrics {
  readonly outboxSent: { inc(value: number): void };
  readonly outboxFailures: { inc(): void };
  readonly outboxOldestSeconds: { set(value: number): void };
  readonly consumed: { inc(labels: { outcome: ConsumeOutcome }, value: number): void };
}

const refusedOperations = ["publish", "subscription"] as const;

/** What the bus refuses to a connection. */
export const createRefusalCounter = (
  metrics: Metrics,
): { inc(labels: { operation: (typeof refusedOperations)[number] }, value: number): void } =>
  metrics.counter({
    name: "topdog_messaging_refused_operations_total",
    help: "What the bus did not permit to this service's identity",
    labels: { operation: refusedOperations },
  });

/** Registers them with a service's metrics; call it once per process. */
export function createMessagingMetrics(metrics: Metrics): MessagingMetrics {
  return {
    outboxSent: metrics.counter({
      name: "topdog_messaging_outbox_sent_events_total",
      help: "Events the relay put on the bus",
    }),
    outboxFailures: metrics.counter({
      name: "topdog_messaging_outbox_failed_batches_total",
      help: "Relay batches that were not wholly published",
    }),
    outboxOldestSeconds: metrics.gauge({
      name: "topdog_messaging_outbox_oldest_unsent_seconds",
      help: "Age of the oldest event that is not on the bus yet",
    }),
    consumed: metrics.counter({
      name: "topdog_messaging_consumed_events_total",
      help: "Deliveries handled, by their result",
      labels: { outcome: [...consumeOutcomes] },
    }),
  };
}

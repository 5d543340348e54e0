import { createMessagingMetrics, type MessagingMetrics } from "@topdog/messaging/metrics";
import type { Metrics } from "@topdog/telemetry/metrics";

/** What billing counts beside its process, its HTTP probes and its events. */
export const createBillingMetrics = (metrics: Metrics): MessagingMetrics => createMessagingMetrics(metrics);

import type { Metrics } from "@topdog/telemetry/metrics";
import type { Problem } from "./domain/governing.ts";

const webhookOutcomes = ["stored", "duplicate", "ignored", "refused", "overloaded"] as const;
const refusals = ["malformed", "wrong_signature", "outside_tolerance", "wrong_mode", "not_an_event"] as const;
const operationOutcomes = ["done", "refused", "unknown", "recovered"] as const;
const callOutcomes = ["ok", "refused", "failed"] as const;
export const syncCauses = ["event", "request", "operation", "sweep", "clock", "operator"] as const;
export type SyncCause = (typeof syncCauses)[number];
export const problemKinds: readonly Problem["kind"][] = [
  "unknown_price",
  "unknown_status",
  "several_items",
  "wrong_owner_kind",
  "below_minimum",
  "extra_subscription",
  "orphan_customer",
  "money_went_back",
  "tax_location_missing",
  "period_missing",
];

interface CountOf<L> {
  inc(labels: L): void;
}
interface Count {
  inc(by?: number): void;
}
interface Level {
  set(value: number): void;
}
interface Spread {
  observe(value: number): void;
}

const subscriptionKeepers = ["quota", "org-registry"] as const;
export type SubscriptionKeeper = (typeof subscriptionKeepers)[number];

export interface BillingMetrics {
  readonly lostSnapshots: { set(labels: { keeper: SubscriptionKeeper }, value: number): void };
  readonly webhooks: CountOf<{ outcome: (typeof webhookOutcomes)[number] }>;
  readonly webhookRefusals: CountOf<{ reason: (typeof refusals)[number] }>;
  readonly foreignVersions: Count;
  readonly webhookLagSeconds: Spread;
  readonly syncs: CountOf<{ cause: SyncCause; changed: "yes" | "no" }>;
  readonly drift: Count;
  readonly failedSyncs: Count;
  readonly swept: Count;
  readonly sweepFinishedSeconds: Level;
  readonly stripeCalls: CountOf<{ outcome: (typeof callOutcomes)[number] }>;
  readonly stripeSeconds: Spread;
  readonly failedChecks: Level;
  readonly pendingEvents: Level;
  readonly oldestEventSeconds: Level;
  readonly failedEvents: Level;
  readonly quarantined: { set(labels: { kind: Problem["kind"] }, value: number): void };
  readonly operations: CountOf<{ outcome: (typeof operationOutcomes)[number] }>;
}

export function createBillingMetrics(metrics: Metrics): BillingMetrics {
  return {
    lostSnapshots: metrics.gauge({
      name: "topdog_billing_lost_snapshots",
      help: "Subscriptions that another service lacked at the last comparison; they were announced again",
      labels: { keeper: subscriptionKeepers },
    }),
    webhooks: metrics.counter({
      name: "topdog_billing_webhooks_total",
      help: "Events that Stripe sent, by what became of them",
      labels: { outcome: webhookOutcomes },
    }),
    webhookRefusals: metrics.counter({
      name: "topdog_billing_webhook_refusals_total",
      help: "Webhook requests that were not believed",
      labels: { reason: refusals },
    }),
    foreignVersions: metrics.counter({
      name: "topdog_billing_webhook_foreign_versions_total",
      help: "Events written in another API version than ours: only their id is used",
    }),
    webhookLagSeconds: metrics.histogram({
      name: "topdog_billing_webhook_lag_seconds",
      help: "From an event's arrival to the commit of what it led to",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 300],
    }),
    syncs: metrics.counter({
      name: "topdog_billing_syncs_total",
      help: "Times a customer's state was fetched, by why and whether a plan changed",
      labels: { cause: syncCauses, changed: ["yes", "no"] },
    }),
    drift: metrics.counter({
      name: "topdog_billing_drift_repairs_total",
      help: "Customers whose plan the sweep found different from Stripe's, and repaired",
    }),
    failedSyncs: metrics.counter({
      name: "topdog_billing_failed_syncs_total",
      help: "Customers whom the sweep or the clock could not sync for a fault of ours, and passed over",
    }),
    swept: metrics.counter({
      name: "topdog_billing_swept_subscriptions_total",
      help: "Subscriptions that the sweep compared with Stripe's",
    }),
    sweepFinishedSeconds: metrics.gauge({
      name: "topdog_billing_sweep_finished_seconds",
      help: "When a sweep over all subscriptions was last complete, as Unix time; 0: never since the start",
    }),
    stripeCalls: metrics.counter({
      name: "topdog_billing_stripe_calls_total",
      help: "Requests to Stripe by outcome; refused: Stripe answered no",
      labels: { outcome: callOutcomes },
    }),
    stripeSeconds: metrics.histogram({
      name: "topdog_billing_stripe_call_seconds",
      help: "How long a request to Stripe took, repeats included",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    }),
    failedChecks: metrics.gauge({
      name: "topdog_billing_stripe_failed_checks",
      help: "Points of the Stripe account that were not as they must be at the last check",
    }),
    pendingEvents: metrics.gauge({
      name: "topdog_billing_webhook_pending_events",
      help: "Events in the inbox that wait for their work",
    }),
    oldestEventSeconds: metrics.gauge({
      name: "topdog_billing_webhook_oldest_pending_seconds",
      help: "How long the oldest of them has waited",
    }),
    failedEvents: metrics.gauge({
      name: "topdog_billing_webhook_failed_events",
      help: "Events that failed so often that they are left to an operator",
    }),
    quarantined: metrics.gauge({
      name: "topdog_billing_quarantined_facts",
      help: "Open entries of the quarantine",
      labels: { kind: problemKinds },
    }),
    operations: metrics.counter({
      name: "topdog_billing_operations_total",
      help: "Operations on a customer's money, by how they ended; recovered: replayed after a crash or an outage",
      labels: { outcome: operationOutcomes },
    }),
  };
}

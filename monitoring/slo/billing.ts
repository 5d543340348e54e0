import { burnGate } from "./burn-gate.ts";
import type { ServiceObjectives, Slo } from "./definition.ts";
import { httpAvailability } from "./http.ts";

const availability = httpAvailability(
  "billing",
  "Plans, subscriptions and webhooks are answered without an error of ours",
  0.999,
);

const webhookLag: Slo = {
  name: "webhook-lag",
  promise: "What Stripe tells is in force 2 s after it arrived",
  objective: 0.99,
  sli: { kind: "latency", histogram: "topdog_billing_webhook_lag_seconds", withinSeconds: 2 },
  leastEvents: 20,
  runbook: "stripe-outage",
};

const latency: Slo = {
  name: "latency",
  promise: "Requests are answered within 1 s",
  objective: 0.99,
  sli: {
    kind: "latency",
    histogram: "topdog_http_request_seconds",
    where: { service: "billing" },
    withinSeconds: 1,
  },
  leastEvents: 50,
  runbook: "stripe-outage",
};

export const billingObjectives: ServiceObjectives = {
  service: "billing",
  slos: [availability, latency, webhookLag],
  gates: [
    burnGate("availability", availability, { failAt: 14.4, leastSamples: 70 }),
    burnGate("latency", latency, { failAt: 6, leastSamples: 70 }),
  ],
  alerts: [
    {
      name: "WebhooksWait",
      meaning: "Events of Stripe wait in the inbox: plans that were paid for are not in force",
      expr: `max by (service) (topdog_billing_webhook_oldest_pending_seconds) > 300`,
      forMinutes: 5,
      severity: "page",
      runbook: "stripe-outage",
    },
    {
      name: "WebhooksFailed",
      meaning: "Events of Stripe failed so often that they are left to an operator",
      expr: `max by (service) (topdog_billing_webhook_failed_events) > 0`,
      forMinutes: 5,
      severity: "ticket",
      runbook: "stripe-outage",
    },
    {
      name: "StripeCallsFail",
      meaning: "Stripe does not answer: checkout and plan changes fail, plans in force stay so",
      expr: `(sum by (service) (rate(topdog_billing_stripe_calls_total{outcome="failed"}[10m])) / sum by (service) (rate(topdog_billing_stripe_calls_total[10m]))) > 0.2`,
      forMinutes: 5,
      severity: "page",
      runbook: "stripe-outage",
    },
    {
      name: "StripeAccountWrong",
      meaning: "The Stripe account is not as the platform needs it",
      expr: `max by (service) (topdog_billing_stripe_failed_checks) > 0`,
      forMinutes: 15,
      severity: "ticket",
      runbook: "stripe-outage",
    },
    {
      name: "WebhooksOfTheOtherMode",
      meaning:
        "Stripe's test events come to a live key, or live ones to a test key: they are refused, and somebody mixed up two accounts",
      expr: `sum by (service) (increase(topdog_billing_webhook_refusals_total{reason="wrong_mode"}[1h])) > 0`,
      forMinutes: 5,
      severity: "ticket",
      runbook: "stripe-webhooks",
    },
    {
      name: "WebhooksOfAnotherVersion",
      meaning: "A webhook endpoint at Stripe writes another API version than ours: only the ids of its events are used",
      expr: `sum by (service) (increase(topdog_billing_webhook_foreign_versions_total[1h])) > 0`,
      forMinutes: 5,
      severity: "ticket",
      runbook: "stripe-webhooks",
    },
    {
      name: "BillingQuarantine",
      meaning: "Facts of Stripe that cannot be true, or a price nobody knows, wait for an operator",
      expr: `max by (service, kind) (topdog_billing_quarantined_facts) > 0`,
      forMinutes: 15,
      severity: "ticket",
      runbook: "stripe-outage",
    },
  ],
};

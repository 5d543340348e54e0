import { counted, type RuleCase, scraped } from "./rule-case.ts";

const minute = 60;
const calls = (good: string, bad: string): Record<string, string> => ({
  ...scraped("gateway", "old", "1x2000"),
  ...counted("topdog_gateway_requests_total", { service: "gateway", outcome: "ok" }, good),
  ...counted("topdog_gateway_requests_total", { service: "gateway", outcome: "failed" }, bad),
});

export const alertCases: readonly RuleCase[] = [
  {
    name: "two percent of calls fail for an hour: somebody gets up",
    service: "gateway",
    intervalSeconds: minute,
    series: calls("0+98x90", "0+2x90"),
    at: "80m",
    fires: [["GatewayAvailabilityBurn", "page"]],
    quiet: [
      ["GatewayLatencyBurn", "page"],
      ["ServiceAbsent", "page"],
      ["RouterLinksDown", "page"],
    ],
  },
  {
    name: "it is over since half an hour: no page any more",
    service: "gateway",
    intervalSeconds: minute,
    series: calls("0+98x150", "0+2x60 120x90"),
    at: "95m",
    quiet: [["GatewayAvailabilityBurn", "page"]],
  },
  {
    name: "errors at night, of a few calls: no evidence",
    service: "gateway",
    intervalSeconds: minute,
    series: calls("0x90", "0+1x90"),
    at: "80m",
    quiet: [
      ["GatewayAvailabilityBurn", "page"],
      ["GatewayAvailabilityBurn", "ticket"],
    ],
  },
  {
    name: "a slow burn over a day: a ticket, no page",
    service: "gateway",
    intervalSeconds: 2 * minute,
    series: calls("0+998x750", "0+2x750"),
    at: "1450m",
    fires: [["GatewayAvailabilityBurn", "ticket"]],
    quiet: [["GatewayAvailabilityBurn", "page"]],
  },
  {
    name: "no process answers",
    service: "gateway",
    intervalSeconds: minute,
    series: { ...scraped("gateway", "old", "1x10 0x80") },
    at: "30m",
    fires: [["ServiceAbsent", "page"]],
  },
  {
    name: "a gateway without routers",
    service: "gateway",
    intervalSeconds: minute,
    series: {
      ...calls("0+98x90", "0x90"),
      ...counted("topdog_gateway_ready_router_links", { service: "gateway", instance: "a" }, "2x10 0x80"),
      ...counted("topdog_gateway_ready_router_links", { service: "gateway", instance: "b" }, "2x90"),
    },
    at: "20m",
    fires: [["RouterLinksDown", "page"]],
    quiet: [["GatewayAvailabilityBurn", "page"]],
  },
  {
    name: "the ledger does not agree, and a replica that has not measured says nothing",
    service: "quota",
    intervalSeconds: minute,
    series: {
      ...counted("topdog_quota_metering_consistency_ratio", { service: "quota", instance: "a" }, "0.99x60"),
      ...counted("topdog_quota_proven_buckets", { service: "quota", instance: "a" }, "100x60"),
      ...counted("topdog_quota_metering_consistency_ratio", { service: "quota", instance: "b" }, "0x60"),
      ...counted("topdog_quota_proven_buckets", { service: "quota", instance: "b" }, "0x60"),
    },
    at: "30m",
    fires: [["MeteringInconsistent", "page"]],
    quiet: [
      ["MeteringUnproved", "page"],
      ["LeaseViolation", "page"],
      ["UsageUnknown", "ticket"],
    ],
  },
  {
    name: "a ledger that nobody has compared for a while",
    service: "quota",
    intervalSeconds: minute,
    series: counted("topdog_quota_ledger_open_rows", { service: "quota", instance: "a" }, "3x60"),
    at: "30m",
    fires: [["MeteringUnproved", "page"]],
    quiet: [["MeteringInconsistent", "page"]],
  },
  {
    name: "a breaker that stays open",
    service: "llm-router",
    intervalSeconds: minute,
    series: counted(
      "topdog_llm_router_breaker_state",
      { service: "llm-router", upstream: "openai", family: "gpt" },
      "2x60",
    ),
    at: "30m",
    fires: [["UpstreamResting", "ticket"]],
    quiet: [["UsageQuarantined", "page"]],
  },
  {
    name: "one usage record that the bus cannot take",
    service: "llm-router",
    intervalSeconds: minute,
    series: counted("topdog_llm_router_usage_quarantined_total", { service: "llm-router" }, "0x10 1x50"),
    at: "15m",
    fires: [["UsageQuarantined", "page"]],
  },
  {
    name: "Stripe does not answer",
    service: "billing",
    intervalSeconds: minute,
    series: {
      ...counted("topdog_billing_stripe_calls_total", { service: "billing", outcome: "ok" }, "0+1x60"),
      ...counted("topdog_billing_stripe_calls_total", { service: "billing", outcome: "failed" }, "0+3x60"),
    },
    at: "30m",
    fires: [["StripeCallsFail", "page"]],
    quiet: [["WebhooksWait", "page"]],
  },
  {
    name: "events of Stripe's other mode",
    service: "billing",
    intervalSeconds: minute,
    series: {
      ...counted("topdog_billing_webhook_refusals_total", { service: "billing", reason: "wrong_mode" }, "0x10 1x50"),
      ...counted("topdog_billing_webhook_refusals_total", { service: "billing", reason: "malformed" }, "0+3x60"),
      ...counted("topdog_billing_webhook_foreign_versions_total", { service: "billing" }, "0x60"),
    },
    at: "30m",
    fires: [["WebhooksOfTheOtherMode", "ticket"]],
    quiet: [["WebhooksOfAnotherVersion", "ticket"]],
  },
];

/** Of the platform's own rules. */
export const platformCases: readonly Omit<RuleCase, "service" | "verdicts">[] = [
  {
    name: "a plan that does not arrive, however often it is announced",
    intervalSeconds: minute,
    series: counted("topdog_billing_lost_snapshots", { service: "billing", keeper: "quota" }, "0x5 1x60"),
    at: "30m",
    fires: [["SnapshotsLost", "ticket"]],
  },
  {
    name: "a plan that was lost once, and announced again",
    intervalSeconds: minute,
    series: counted("topdog_billing_lost_snapshots", { service: "billing", keeper: "quota" }, "0x5 1 0x60"),
    at: "30m",
    quiet: [["SnapshotsLost", "ticket"]],
  },
  {
    name: "a full disk: the log loses lines and the bus takes nothing",
    intervalSeconds: minute,
    series: {
      ...counted("topdog_process_lost_log_lines", { service: "quota" }, "0x10 0+40x60"),
      ...counted("topdog_messaging_outbox_failed_batches_total", { service: "quota" }, "0x10 0+20x60"),
    },
    at: "30m",
    fires: [
      ["LogLinesLost", "ticket"],
      ["PublishesFail", "page"],
    ],
  },
  {
    name: "one dead letter",
    intervalSeconds: minute,
    series: counted(
      "topdog_messaging_consumed_events_total",
      { service: "quota", outcome: "dead_lettered" },
      "0x10 1x50",
    ),
    at: "15m",
    fires: [["DeadLetters", "page"]],
    quiet: [
      ["JobFails", "ticket"],
      ["OutboxWaits", "page"],
    ],
  },
  {
    name: "a job that always fails, and one that another replica does",
    intervalSeconds: minute,
    series: {
      ...counted("topdog_job_runs_total", { service: "quota", job: "make-partitions", outcome: "failed" }, "0+1x90"),
      ...counted("topdog_job_runs_total", { service: "billing", job: "sweep", outcome: "failed" }, "0+1x90"),
      ...counted("topdog_job_runs_total", { service: "billing", job: "sweep", outcome: "ok" }, "0+1x90"),
    },
    at: "70m",
    fires: [["JobFails", "ticket"]],
  },
];

import { type Board, increase, lines, now, quantiles, query, rate } from "./board.ts";

const calls = "topdog_llm_router_calls_total";

export const providersBoard: Board = {
  uid: "topdog-providers",
  title: "Top Dog: providers and breakers",
  description: "What llm-router asks of providers, what they answer, and what is on its disk.",
  rows: [
    {
      title: "Calls",
      panels: [
        lines("Calls by result", "reqps", "fallback: another than the first choice answered.", [
          query(rate("result", calls), "{{result}}"),
        ]),
        lines("Fallback ratio", "percentunit", "Share of calls that the first choice did not answer.", [
          query(
            `${rate("revision", `${calls}{result=~"fallback|failed"}`)} / ${rate("revision", calls)}`,
            "revision {{revision}}",
          ),
        ]),
        lines(
          "The router's own time",
          "s",
          "From a call's arrival to the first question to a provider.",
          [...quantiles("topdog_llm_router_own_seconds")],
          { badFrom: 0.01 },
        ),
        lines("Cost of unreliability", "currencyUSD", "US dollars an hour owed for calls that broke off.", [
          query(increase("service", "topdog_llm_router_lost_cost_usd_total", "1h"), "USD in an hour"),
        ]),
      ],
    },
    {
      title: "Providers",
      panels: [
        now(
          "Breakers",
          "short",
          "0 closed, 1 half-open, 2 open.",
          [query("max by (upstream, family) (topdog_llm_router_breaker_state)", "{{upstream}} {{family}}")],
          { badFrom: 1 },
        ),
        lines("Attempts", "reqps", "By provider and outcome.", [
          query(
            rate("upstream, outcome", "topdog_llm_router_upstream_attempts_total") + " > 0",
            "{{upstream}} {{outcome}}",
          ),
        ]),
        lines("First content, p95", "s", "From dispatch to the first content of a stream.", [
          query(
            `histogram_quantile(0.95, ${rate("le, upstream", "topdog_llm_router_first_content_seconds_bucket")})`,
            "{{upstream}}",
          ),
        ]),
        lines(
          "Second attempts",
          "reqps",
          "Beside slow ones, where an operator allows them; won: the second one answered.",
          [query(rate("result", "topdog_llm_router_hedges_total"), "{{result}}")],
        ),
        lines("Cost of second attempts", "currencyUSD", "US dollars an hour for attempts that were broken off.", [
          query(increase("service", "topdog_llm_router_hedge_cost_usd_total", "1h"), "USD in an hour"),
        ]),
        lines("Breaker states", "short", "The worst of all routers.", [
          query("max by (upstream, family) (topdog_llm_router_breaker_state)", "{{upstream}} {{family}}"),
        ]),
      ],
    },
    {
      title: "Answers, as evaluators judge them",
      panels: [
        lines(
          "Consistency, mean",
          "percentunit",
          "1: answers to the same question are the same. By the data's segment.",
          [
            query(
              `${rate("segment", "topdog_llm_router_answer_consistency_ratio_sum")} / ${rate("segment", "topdog_llm_router_answer_consistency_ratio_count")}`,
              "{{segment}}",
            ),
          ],
        ),
        lines("Hallucination, p95", "percentunit", "Severity, 0 to 1.", [
          query(
            `histogram_quantile(0.95, ${rate("le, segment", "topdog_llm_router_hallucination_severity_ratio_bucket")})`,
            "{{segment}}",
          ),
        ]),
        lines("Answers that could not be kept or read", "ops", "The database of kept answers was away.", [
          query(rate("service", "topdog_llm_router_keeping_failures_total"), "answers"),
        ]),
        lines("Judgements", "ops", "How much evidence there is.", [
          query(rate("plan, segment", "topdog_llm_router_answer_consistency_ratio_count"), "{{plan}} {{segment}}"),
        ]),
      ],
    },
    {
      title: "Usage spool",
      panels: [
        lines("On disk", "bytes", "Falls to a few segments when the bus takes it.", [
          query("sum by (instance) (topdog_llm_router_spool_bytes)", "{{instance}}"),
        ]),
        lines("Records shipped and not", "ops", "Shipped: one per call. quarantined and refused must stay 0.", [
          query(rate("service", "topdog_llm_router_usage_shipped_total"), "shipped"),
          query(rate("service", "topdog_llm_router_usage_quarantined_total"), "quarantined"),
          query(rate("service", "topdog_llm_router_usage_refused_total"), "refused"),
        ]),
        lines("Sync of the disk, p99", "s", "Duration of a group fdatasync.", [
          query(
            `histogram_quantile(0.99, ${rate("le, instance", "topdog_llm_router_spool_sync_seconds_bucket")})`,
            "{{instance}}",
          ),
        ]),
        lines("Open calls", "short", "With an intent and no final; calls of gateways; connected gateways.", [
          query("sum(topdog_llm_router_spool_open_calls)", "in the spool"),
          query("sum(topdog_llm_router_link_calls)", "on links"),
          query("sum(topdog_llm_router_gateway_links)", "gateways"),
          query("sum(topdog_llm_router_spool_segments)", "segments"),
        ]),
      ],
    },
  ],
};

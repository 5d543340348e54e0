import { type Board, lines, now, quantiles, query, rate } from "./board.ts";

export const overviewBoard: Board = {
  uid: "topdog-overview",
  title: "Top Dog: overview and error budgets",
  description: "What was promised, what is left of the month's error budgets, and what is up.",
  rows: [
    {
      title: "Promises",
      panels: [
        now(
          "Error budget left",
          "percentunit",
          "Of 30 days. Below 0 the promise is broken; then stability comes before features.",
          [query("slo:error_budget_remaining:ratio", "{{service}} {{slo}}")],
          { badBelow: 0.2 },
        ),
        lines("Errors, the last hour", "percentunit", "Share of events that were not as promised, over one hour.", [
          query("slo:sli_error:ratio_rate1h", "{{service}} {{slo}}"),
        ]),
        lines("Alerts that fire", "short", "By name and severity.", [
          query(
            'count by (alertname, severity) (ALERTS{alertstate="firing"}) or vector(0)',
            "{{alertname}} {{severity}}",
          ),
        ]),
      ],
    },
    {
      title: "Traffic",
      panels: [
        lines("Calls of the LLM API", "reqps", "By how they ended.", [
          query(rate("outcome", "topdog_gateway_requests_total"), "{{outcome}}"),
        ]),
        lines("Account requests", "reqps", "Of each service, by the class of the answer.", [
          query(rate("service, status_class", "topdog_http_request_seconds_count"), "{{service}} {{status_class}}"),
        ]),
        lines("Principal look-ups", "ops", "What org-registry answers to gateways.", [
          query(rate("outcome", "topdog_org_registry_principal_lookups_total"), "{{outcome}}"),
        ]),
        lines(
          "Time of a look-up",
          "s",
          "Promised: 25 ms for 99 of 100.",
          quantiles("topdog_org_registry_principal_lookup_seconds"),
          { badFrom: 0.025 },
        ),
        lines(
          "Usage history and ledger",
          "short",
          "Days of tenants that were compared in an hour, and those that disagree.",
          [
            query("sum(increase(topdog_org_registry_compared_tenant_days_total[1h]))", "compared in an hour"),
            query("max(topdog_org_registry_disagreeing_tenant_days)", "disagreeing"),
          ],
        ),
        lines("Sign-ins", "ops", "Many wrong ones: somebody guesses.", [
          query(rate("outcome", "topdog_org_registry_sign_ins_total"), "{{outcome}}"),
        ]),
      ],
    },
    {
      title: "Processes",
      panels: [
        now(
          "Processes that answer",
          "short",
          "By service and revision.",
          [query('count by (service, revision) (up{job="topdog"} == 1)', "{{service}} {{revision}}")],
          { badBelow: 1 },
        ),
        lines("Seats that were lost", "short", "Members deactivated because fewer seats are paid for.", [
          query("sum(increase(topdog_org_registry_lost_seats_total[1h]))", "members in an hour"),
        ]),
      ],
    },
  ],
};

import { type Board, lines, now, quantiles, query, rate } from "./board.ts";

export const gatewayBoard: Board = {
  uid: "topdog-gateway",
  title: "Top Dog: gateway",
  description: "Calls of the LLM API as the gateway sees them.",
  rows: [
    {
      title: "Calls",
      panels: [
        lines("Calls by outcome", "reqps", "ok is a whole answer; the runbook llm-api-errors explains the others.", [
          query(rate("outcome", "topdog_gateway_requests_total"), "{{outcome}}"),
        ]),
        lines("Calls by operation", "reqps", "By path.", [
          query(rate("route", "topdog_gateway_requests_total"), "{{route}}"),
        ]),
        lines(
          "Added time",
          "s",
          "From a call's last byte to its dispatch: what the gateway itself adds. Promised: 5 ms for 99 of 100.",
          quantiles("topdog_gateway_added_overhead_seconds"),
          { badFrom: 0.005 },
        ),
        lines(
          "First byte",
          "s",
          "From a call's arrival to the first byte of its answer, the provider's time included.",
          [...quantiles("topdog_gateway_first_byte_seconds")],
        ),
        lines("Tokens of text", "short", "As routers report them, a second.", [
          query(rate("kind", "topdog_gateway_tokens_total"), "{{kind}}"),
        ]),
        now("Calls in flight", "short", "Their bodies read.", [
          query("sum by (instance) (topdog_gateway_calls_in_flight)", "{{instance}}"),
        ]),
      ],
    },
    {
      title: "Admission",
      panels: [
        lines("Admissions", "reqps", "Who pays, and what is refused.", [
          query(rate("source, outcome", "topdog_gateway_admissions_total"), "{{source}} {{outcome}}"),
        ]),
        lines("Reports to quota", "ops", "A failed one is repeated; many failed ones end in reduced capacity.", [
          query(rate("outcome", "topdog_gateway_lease_syncs_total"), "{{outcome}}"),
        ]),
        lines("Keys looked up", "ops", "hit, and most of stale and refused, cost no hop.", [
          query(rate("outcome", "topdog_gateway_principal_lookups_total"), "{{outcome}}"),
        ]),
        lines("Front door", "ops", "Refused before admission, by the limit that was met.", [
          query(rate("limit", "topdog_gateway_front_refusals_total"), "{{limit}}"),
        ]),
      ],
    },
    {
      title: "Routers and memory",
      panels: [
        lines("Links to routers", "short", "ready ones take calls.", [
          query("sum by (instance) (topdog_gateway_ready_router_links)", "ready {{instance}}"),
          query("sum by (instance) (topdog_gateway_silent_router_links)", "silent {{instance}}"),
          query("sum by (instance) (topdog_gateway_down_router_links)", "down {{instance}}"),
        ]),
        lines(
          "Calls moved to another router",
          "ops",
          "The first had done nothing for them, or was lost before it answered.",
          [query(rate("reason", "topdog_gateway_moved_calls_total"), "{{reason}}")],
        ),
        lines("Siblings that do not answer", "short", "Instances that get no requests of the account API.", [
          query("sum by (instance) (topdog_gateway_silent_siblings)", "{{instance}}"),
        ]),
        lines(
          "Requests moved to another instance",
          "ops",
          "Of the account API: the first could not be reached, broke off, or fell silent.",
          [query(rate("sibling, reason", "topdog_gateway_moved_requests_total"), "{{sibling}} {{reason}}")],
        ),
        lines("Held in memory", "short", "Leases, principals, and usage records that wait for the bus.", [
          query("sum(topdog_gateway_held_buckets)", "buckets"),
          query("sum(topdog_gateway_known_principals)", "principals"),
          query("sum(topdog_gateway_queued_usage_records)", "usage records"),
        ]),
        lines("Usage of calls that no router answered for", "ops", "A dropped record is a gap in the ledger.", [
          query(rate("outcome", "topdog_gateway_usage_publishes_total"), "{{outcome}}"),
        ]),
        lines("Bodies in memory", "bytes", "Of all calls together; bounded by MAX_BODIES_BYTES.", [
          query("sum by (instance) (topdog_gateway_held_body_bytes)", "{{instance}}"),
        ]),
        lines("Connections", "short", "Of clients.", [
          query("sum(topdog_gateway_open_connections)", "open"),
          query("sum(topdog_gateway_opening_connections)", "without headers yet"),
          query("sum(topdog_gateway_active_addresses)", "addresses with a call"),
          query("sum(topdog_gateway_active_keys)", "keys with a call"),
        ]),
        lines(
          "Event loop",
          "percentunit",
          "Share of time that it was busy.",
          [query('topdog_process_event_loop_utilization_ratio{service="gateway"}', "{{instance}}")],
          { badFrom: 0.9 },
        ),
      ],
    },
  ],
};

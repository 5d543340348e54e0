import { type Board, lines, now, quantiles, query, rate } from "./board.ts";

export const billingBoard: Board = {
  uid: "topdog-billing",
  title: "Top Dog: billing",
  description: "Stripe's webhooks, requests to Stripe, and what an operator has to look at.",
  rows: [
    {
      title: "Webhooks",
      panels: [
        lines("Events", "ops", "What became of them.", [
          query(rate("outcome", "topdog_billing_webhooks_total"), "{{outcome}}"),
        ]),
        lines("Not believed", "ops", "Requests to the webhook's address that were refused.", [
          query(rate("reason", "topdog_billing_webhook_refusals_total"), "{{reason}}"),
        ]),
        lines(
          "From arrival to effect",
          "s",
          "Promised: 2 s for 99 of 100.",
          quantiles("topdog_billing_webhook_lag_seconds"),
          {
            badFrom: 2,
          },
        ),
        lines("Inbox", "short", "Events that wait, and events left to an operator.", [
          query("max(topdog_billing_webhook_pending_events)", "waiting"),
          query("max(topdog_billing_webhook_failed_events)", "failed"),
        ]),
        now(
          "Oldest waiting event",
          "s",
          "How long it has waited.",
          [query("max(topdog_billing_webhook_oldest_pending_seconds)", "age")],
          { badFrom: 300 },
        ),
        lines("Other API versions", "ops", "Events in another version than ours: only their id is used.", [
          query(rate("service", "topdog_billing_webhook_foreign_versions_total"), "events"),
        ]),
      ],
    },
    {
      title: "Stripe",
      panels: [
        lines("Requests to Stripe", "reqps", "refused: Stripe answered no.", [
          query(rate("outcome", "topdog_billing_stripe_calls_total"), "{{outcome}}"),
        ]),
        lines("Time of a request", "s", "Repeats included.", quantiles("topdog_billing_stripe_call_seconds")),
        lines("Operations on money", "ops", "recovered: replayed after a crash or an outage.", [
          query(rate("outcome", "topdog_billing_operations_total"), "{{outcome}}"),
        ]),
        lines("Customers fetched", "ops", "By why, and whether a plan changed.", [
          query(rate("cause, changed", "topdog_billing_syncs_total") + " > 0", "{{cause}}, changed: {{changed}}"),
        ]),
      ],
    },
    {
      title: "Truth",
      panels: [
        lines("Sweep", "ops", "Subscriptions compared with Stripe's, and repaired ones.", [
          query(rate("service", "topdog_billing_swept_subscriptions_total"), "compared"),
          query(rate("service", "topdog_billing_drift_repairs_total"), "repaired"),
          query(rate("service", "topdog_billing_failed_syncs_total"), "passed over"),
        ]),
        now(
          "Last complete sweep",
          "s",
          "How long ago.",
          [query("time() - max(topdog_billing_sweep_finished_seconds > 0)", "ago")],
          { badFrom: 10800 },
        ),
        now(
          "Quarantine",
          "short",
          "Open entries, by kind.",
          [query("max by (kind) (topdog_billing_quarantined_facts)", "{{kind}}")],
          { badFrom: 1 },
        ),
        now(
          "Failed checks of the account",
          "short",
          "Points that are not as they must be.",
          [query("max(topdog_billing_stripe_failed_checks)", "checks")],
          { badFrom: 1 },
        ),
      ],
    },
  ],
};

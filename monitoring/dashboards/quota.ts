import { type Board, lines, now, quantiles, query, rate } from "./board.ts";

export const quotaBoard: Board = {
  uid: "topdog-quota",
  title: "Top Dog: quota and the ledger",
  description: "Leases, the ledger, and whether they agree.",
  rows: [
    {
      title: "Consistency",
      panels: [
        now(
          "Buckets that agree",
          "percentunit",
          "Share of buckets of all kept days whose ledger and counters agree; no value while that is not known.",
          [query("min(topdog_quota_metering_consistency_ratio and topdog_quota_proven_buckets > 0)", "agree")],
          { badBelow: 1 },
        ),
        lines("Missing tokens", "short", "Admitted, proved by a later one, and not in the ledger (yet).", [
          query("max(topdog_quota_consistency_missing_seqs)", "missing"),
        ]),
        lines(
          "Guarantees that do not hold",
          "short",
          "By kind, of buckets and leases; beside them how many buckets are compared.",
          [
            query("max by (kind) (topdog_quota_metering_gaps)", "{{kind}}"),
            query("max(topdog_quota_proven_buckets)", "buckets compared"),
          ],
        ),
        lines("Proof behind", "s", "Age of the oldest write to the ledger that is not compared yet.", [
          query("max(topdog_quota_proof_behind_seconds)", "behind"),
        ]),
        lines(
          "Time of a plan change",
          "s",
          "From the change of a subscription to the limits that follow from it.",
          quantiles("topdog_quota_plan_propagation_seconds"),
        ),
        lines("Oldest unledgered token", "s", "Age of the oldest token that is admitted and not in the ledger.", [
          query("max(topdog_quota_oldest_unledgered_seconds)", "age"),
        ]),
        lines("Open and unknown rows", "short", "Without a usage record yet; without one for ever.", [
          query("max(topdog_quota_ledger_open_rows)", "open"),
          query("max(topdog_quota_ledger_overdue_rows)", "overdue"),
          query("max(topdog_quota_ledger_unknown_rows)", "unknown"),
        ]),
      ],
    },
    {
      title: "Leases",
      panels: [
        lines("Reports", "ops", "Lease reports by their result; a violation is fenced.", [
          query(rate("outcome", "topdog_quota_reports_total"), "{{outcome}}"),
        ]),
        lines(
          "Time of a sync",
          "s",
          "Promised: 50 ms for 99 of 100.",
          quantiles("topdog_quota_sync_seconds", '{outcome="ok"}'),
          {
            badFrom: 0.05,
          },
        ),
        lines("Tokens", "short", "A second: granted to gateways, back unused, kept back of vanished gateways.", [
          query(rate("service", "topdog_quota_granted_tokens_total"), "granted"),
          query(rate("service", "topdog_quota_returned_tokens_total"), "returned"),
          query(rate("service", "topdog_quota_burned_tokens_total"), "burned"),
        ]),
        lines(
          "Permits asked for",
          "ops",
          "Questions of gateways for an owner's concurrent requests; short: the plan has no more.",
          [query(rate("outcome", "topdog_quota_permit_asks_total"), "{{outcome}}")],
        ),
        lines("Recalls, violations, abandoned leases", "ops", "Violations must stay 0.", [
          query(rate("reason", "topdog_quota_recalls_total"), "recall {{reason}}"),
          query(rate("reason", "topdog_quota_violations_total"), "violation {{reason}}"),
          query(rate("service", "topdog_quota_abandoned_leases_total"), "abandoned"),
        ]),
      ],
    },
    {
      title: "Ledger",
      panels: [
        lines("Ledger rows", "ops", "Tokens of usage records, by what they did.", [
          query(rate("outcome", "topdog_quota_ledger_rows_total"), "{{outcome}}"),
        ]),
        lines(
          "Lag",
          "s",
          "From the end of a call to its completed row. Promised: 2 s for 99 of 100.",
          quantiles("topdog_quota_ledger_lag_seconds"),
          {
            badFrom: 2,
          },
        ),
      ],
    },
  ],
};

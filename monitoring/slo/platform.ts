import type { Alert } from "./definition.ts";

/** What holds for every service: their events, their jobs, their processes. */
export const platformAlerts: readonly Alert[] = [
  {
    name: "DeadLetters",
    meaning: "A consumer gave up on an event: its service misses a change",
    expr: `sum by (service) (increase(topdog_messaging_consumed_events_total{outcome=~"dead_lettered|invalid"}[15m])) > 0`,
    forMinutes: 0,
    severity: "page",
    runbook: "dead-letters",
  },
  {
    name: "OutboxWaits",
    meaning: "Facts wait in a service's outbox: others do not know of them",
    expr: `max by (service) (topdog_messaging_outbox_oldest_unsent_seconds) > 60`,
    forMinutes: 2,
    severity: "page",
    runbook: "bus-away",
  },
  {
    name: "SnapshotsLost",
    meaning: "Another service still lacks a plan, an org or a member after it was announced again",
    expr: `max by (service) (topdog_billing_lost_snapshots) > 0 or max by (service) (topdog_org_registry_lost_snapshots) > 0`,
    forMinutes: 10,
    severity: "ticket",
    runbook: "lost-events",
  },
  {
    name: "LogLinesLost",
    meaning: "A process cannot write its log and goes on without it: a disk is full",
    expr: `max by (service) (changes(topdog_process_lost_log_lines[10m])) > 0`,
    forMinutes: 0,
    severity: "ticket",
    runbook: "disk-full",
  },
  {
    name: "PublishesFail",
    meaning: "The bus is there and does not take events: a stream is missing, or its disk is full",
    expr: `sum by (service) (increase(topdog_messaging_outbox_failed_batches_total[10m])) > 5`,
    forMinutes: 5,
    severity: "page",
    runbook: "disk-full",
  },
  {
    name: "BusRefuses",
    meaning: "The bus does not permit a service what it tried: an identity or a permission is wrong",
    expr: `sum by (service, operation) (increase(topdog_messaging_refused_operations_total[15m])) > 0`,
    forMinutes: 0,
    severity: "page",
    runbook: "bus-away",
  },
  {
    name: "JobFails",
    meaning: "A periodic job fails, and has not succeeded for an hour",
    expr:
      `sum by (service, job) (increase(topdog_job_runs_total{outcome=~"failed|timed_out"}[1h])) > 0` +
      ` unless sum by (service, job) (increase(topdog_job_runs_total{outcome="ok"}[1h])) > 0`,
    forMinutes: 5,
    severity: "ticket",
    runbook: "job-fails",
  },
  {
    name: "EventLoopBusy",
    meaning: "A process has no time left: everything that it serves is late",
    expr: `topdog_process_event_loop_utilization_ratio > 0.9`,
    forMinutes: 10,
    severity: "ticket",
    runbook: "process-busy",
  },
];

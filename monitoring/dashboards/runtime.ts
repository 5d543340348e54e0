import { type Board, lines, query, rate } from "./board.ts";

export const runtimeBoard: Board = {
  uid: "topdog-runtime",
  title: "Top Dog: runtime",
  description: "The processes themselves: event loop, memory, garbage, jobs.",
  rows: [
    {
      title: "Processes",
      panels: [
        lines(
          "Event loop",
          "percentunit",
          "Share of time that it was busy.",
          [query("topdog_process_event_loop_utilization_ratio", "{{service}} {{instance}}")],
          { badFrom: 0.9 },
        ),
        lines("Log lines lost", "short", "Since the start: the log's disk took none.", [
          query("topdog_process_lost_log_lines", "{{service}} {{instance}}"),
        ]),
        lines("Event loop lag, p99", "s", "How late timers are.", [
          query("nodejs_eventloop_lag_p99_seconds", "{{service}} {{instance}}"),
        ]),
        lines("CPU", "short", "Cores.", [
          query(rate("service, instance", "process_cpu_seconds_total"), "{{service}} {{instance}}"),
        ]),
        lines("Memory", "bytes", "Resident.", [query("process_resident_memory_bytes", "{{service}} {{instance}}")]),
        lines("Heap", "bytes", "Used by objects.", [query("nodejs_heap_size_used_bytes", "{{service}} {{instance}}")]),
        lines("Garbage collection", "percentunit", "Share of time spent in it, by kind.", [
          query(rate("service, kind", "nodejs_gc_duration_seconds_sum"), "{{service}} {{kind}}"),
        ]),
        lines("Open handles", "short", "Sockets, timers, files.", [
          query("nodejs_active_handles_total", "{{service}} {{instance}}"),
        ]),
        lines("Open files", "short", "Descriptors.", [query("process_open_fds", "{{service}} {{instance}}")]),
      ],
    },
    {
      title: "Jobs",
      panels: [
        lines("Runs in an hour", "short", "other_owner: another replica was at it.", [
          query(
            "sum by (service, job, outcome) (increase(topdog_job_runs_total[1h])) > 0",
            "{{service}} {{job}} {{outcome}}",
          ),
        ]),
        lines("Since the last success", "s", "Of each job, on the replica that was last.", [
          query("time() - max by (service, job) (topdog_job_last_success_seconds > 0)", "{{service}} {{job}}"),
        ]),
        lines("Duration, mean", "s", "Of a run.", [
          query(
            `${rate("service, job", "topdog_job_duration_seconds_sum")} / ${rate("service, job", "topdog_job_duration_seconds_count")} > 0`,
            "{{service}} {{job}}",
          ),
        ]),
      ],
    },
  ],
};

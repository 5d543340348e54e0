import type { Logger } from "@topdog/telemetry/logger";
import type { Metrics } from "@topdog/telemetry/metrics";

/** Shows what the log lost: nothing else can tell of it. */
export function gaugeLostLines(metrics: Metrics, logger: Pick<Logger, "lostLines">): void {
  metrics.gauge({
    name: "topdog_process_lost_log_lines",
    help: "Lines that the log did not take since the start of the process: its disk is full",
    collect: (gauge) => gauge.set(logger.lostLines()),
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { closeAbandonedLeases } from "./close-abandoned-leases.ts";
import type { QuotaDeps } from "./deps.ts";

export interface MaintenanceOptions {
  readonly gatewayTimeoutMs: number;
  readonly usageDeadlineMs: number;
  readonly measureConsistency: () => Promise<unknown>;
  /** While nobody can be heard, silence proves nothing. */
  readonly isListening: () => boolean;
  /** Monotonic. */
  readonly nowMs: () => number;
}

export interface Maintenance {
  /** Resolves when the ledger is ready for today. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** We were deaf for a while: a gateway's silence during it proves nothing. */
  restartPatience(): void;
}

const partitionDaysAhead = 7;
const unknownRowsPerPass = 5_000;

type Task = keyof typeof intervalsMs;
const intervalsMs = { sweep: 1_000, unknown: 5_000, consistency: 10_000, partitions: 3_600_000, gateways: 3_600_000 };

/** What must happen without anybody asking for it. Any number of instances may do it at once. */
export function createMaintenance(deps: QuotaDeps, options: MaintenanceOptions): Maintenance {
  const stopping = new AbortController();
  let listeningSinceMs = options.nowMs();
  const restartPatience = (): void => {
    listeningSinceMs = options.nowMs();
  };
  const tasks: Record<Task, () => Promise<unknown>> = {
    sweep: async () => {
      if (!options.isListening()) restartPatience();
      if (options.nowMs() - listeningSinceMs < options.gatewayTimeoutMs) return;
      await closeAbandonedLeases(deps, options.gatewayTimeoutMs);
    },
    unknown: async () => {
      const rows = await deps.store.markUnknown(options.usageDeadlineMs, unknownRowsPerPass);
      deps.metrics.ledgerRows.inc({ outcome: "unknown" }, rows);
      if (rows > 0) deps.logger.error({ rows }, "calls were admitted and never accounted for");
    },
    consistency: options.measureConsistency,
    partitions: () => deps.store.ensurePartitions(partitionDaysAhead),
    gateways: () => deps.store.forgetGateways(),
  };

  const attempt = (task: Task): Promise<unknown> =>
    tasks[task]().catch((error: unknown) => {
      restartPatience();
      deps.metrics.failedPasses.inc({ task });
      deps.logger.warn({ err: error, task }, "a maintenance pass failed and will be repeated");
    });
  const run = async (task: Task): Promise<void> => {
    while (!stopping.signal.aborted) {
      await attempt(task);
      await sleep(intervalsMs[task], undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  let running: Promise<unknown> | undefined;
  return {
    restartPatience,
    start: async () => {
      // Without today's partition nothing is lost, but its rows stay in the net for good.
      await attempt("partitions");
      running ??= Promise.all((Object.keys(tasks) as Task[]).map(run));
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

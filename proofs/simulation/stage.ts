import { createQuotaMetrics } from "@topdog/quota/metrics";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { createMemoryPermits } from "../support/memory-permits.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { emptyTables } from "../support/memory-tables.ts";
import type { Stage } from "./world.ts";

/** Histories by the thousand. */
export function stageInMemory(): Stage {
  return {
    open: (nowMs, onCommit) => {
      const tables = emptyTables();
      return {
        tables,
        store: createMemoryStore(tables, nowMs, onCommit),
        permits: createMemoryPermits(tables, nowMs),
        isLive: true,
        refresh: () => Promise.resolve([]),
      };
    },
    isBusy: () => false,
    metrics: createQuotaMetrics(createMetrics("quota")),
    logger: silentLogger(),
  };
}

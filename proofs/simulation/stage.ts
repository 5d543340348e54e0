import { createQuotaMetrics } from "@topdog/quota/metrics";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { createMemoryPermits } from "../support/memory-permits.ts";
import { openMemoryDatabase } from "../support/memory-store.ts";
import { copyTables, emptyTables, restoreTables } from "../support/memory-tables.ts";
import type { Stage } from "./world.ts";

/** Histories by the thousand. */
export function stageInMemory(): Stage {
  return {
    open: (nowMs, onCommit, draw) => {
      const tables = emptyTables();
      const connect = openMemoryDatabase(tables, nowMs, onCommit, draw);
      const permits = createMemoryPermits(tables, nowMs);
      return {
        tables,
        connect: () => ({ store: connect(), permits }),
        isLive: true,
        refresh: () => Promise.resolve([]),
        backUp: () => {
          const backup = copyTables(tables);
          return Promise.resolve(() => Promise.resolve(restoreTables(tables, backup)));
        },
      };
    },
    isBusy: () => false,
    metrics: createQuotaMetrics(createMetrics("quota")),
    logger: silentLogger(),
  };
}

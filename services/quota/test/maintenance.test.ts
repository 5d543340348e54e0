import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { createMaintenance } from "../src/usecases/maintenance.ts";
import { eventually } from "@topdog/testing/eventually";
import { quotaOnPostgres } from "./platform.ts";

test("a gateway's silence counts only while it could be heard; then its lease is closed and open rows are given up", async () => {
  const quota = await quotaOnPostgres();
  let listening = false;
  const maintenance = createMaintenance(quota.deps, {
    gatewayTimeoutMs: 100,
    usageDeadlineMs: 100,
    measureConsistency: () => Promise.resolve(),
    isListening: () => listening,
    nowMs: () => performance.now(),
  });
  const states = async (table: "lease" | "ledger"): Promise<string[]> => {
    const { rows } = await quota.db.raw<{ rows: { state: string }[] }>("select state from ?? order by 1", [table]);
    return rows.map(({ state }) => state);
  };
  try {
    const { leaseId } = await quota.sync("gateway-a", { owner: "user:a", want: 4 });
    await quota.sync("gateway-a", { owner: "user:a", leaseId, used: 1 });
    await sleep(200);
    await maintenance.start();
    await sleep(1_200);
    expect(await states("lease")).toEqual(["open"]);
    listening = true;
    await eventually(async () => expect(await states("lease")).toEqual(["closed"]), { timeoutMs: 10_000 });
    await eventually(async () => expect(await states("ledger")).toEqual(["unknown"]), { timeoutMs: 10_000 });
    expect(await quota.violations()).toEqual([]);
  } finally {
    await maintenance.stop();
    await quota.drop();
  }
});

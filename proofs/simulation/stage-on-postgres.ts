import { createPermitStore } from "@topdog/quota/store/permits";
import { createQuotaStore } from "@topdog/quota/store/quota-store";
import { createQuotaMetrics } from "@topdog/quota/metrics";
import { createMetrics } from "@topdog/telemetry/metrics";
import { silentLogger } from "@topdog/testing/logger";
import { testDatabase } from "@topdog/testing/postgres";
import { emptyTables, type MemoryTables } from "../support/memory-tables.ts";
import { migrations } from "../support/quota-under-test.ts";
import { readTables } from "./read-tables.ts";
import type { Stage } from "./world.ts";

/** quota's own statements on Postgres, whose clock is a table that the histories set. About a history a second. */
export async function stageOnPostgres(): Promise<{ readonly stage: Stage; readonly drop: () => Promise<void> }> {
  const database = await testDatabase({ migrations });
  const { db, owner } = database;
  await owner.raw("create table simulated_clock (at timestamptz not null)");
  await owner.raw("insert into simulated_clock values (now())");
  await owner.raw(
    "create or replace function utc_now() returns timestamptz language sql volatile as $$ select at from simulated_clock $$",
  );
  let atWork = 0;
  const work = async <T>(nowMs: number, run: () => Promise<T>): Promise<T> => {
    atWork += 1;
    try {
      await db.raw("update simulated_clock set at = to_timestamp(? / 1000.0)", [nowMs]);
      return await run();
    } finally {
      atWork -= 1;
    }
  };

  const open: Stage["open"] = async (nowMs) => {
    await db.raw(
      "delete from ledger; delete from lease; delete from bucket; delete from entitlement; delete from gateway; delete from outbox; delete from permit",
    );
    await owner.raw("select setval(pg_get_serial_sequence('lease', 'lease_id'), 1, false)");
    const store = createQuotaStore(db);
    const permits = createPermitStore(db);
    const tables: MemoryTables = emptyTables();
    return {
      tables,
      isLive: false,
      refresh: async () => {
        await readTables(db, tables);
        return (await db.raw<{ rows: unknown[] }>("select * from invariant_violation")).rows;
      },
      store: {
        transaction: (run) => work(nowMs(), () => store.transaction(run)),
        completeCharges: (entries) => work(nowMs(), () => store.completeCharges(entries)),
        readClock: () => work(nowMs(), () => store.readClock()),
        touchGateway: (gatewayId) => work(nowMs(), () => store.touchGateway(gatewayId)),
        forgetGateways: () => work(nowMs(), () => store.forgetGateways()),
        markUnknown: (deadlineMs, most) => work(nowMs(), () => store.markUnknown(deadlineMs, most)),
        ensurePartitions: (daysAhead) => work(nowMs(), () => store.ensurePartitions(daysAhead)),
      },
      permits: { transaction: (run) => work(nowMs(), () => permits.transaction(run)) },
    };
  };
  const shared = { metrics: createQuotaMetrics(createMetrics("quota")), logger: silentLogger() };
  return { stage: { ...shared, open, isBusy: () => atWork > 0 }, drop: () => database.drop() };
}

import { createPermitStore } from "@topdog/quota/store/permits";
import { createQuotaStore } from "@topdog/quota/store/quota-store";
import { createQuotaMetrics } from "@topdog/quota/metrics";
import { createMetrics } from "@topdog/telemetry/metrics";
import type { Database } from "@topdog/postgres/pool";
import { silentLogger } from "@topdog/testing/logger";
import { testDatabase } from "@topdog/testing/postgres";
import { emptyTables, type MemoryTables } from "../support/memory-tables.ts";
import { migrations } from "../support/quota-under-test.ts";
import { readTables } from "./read-tables.ts";
import type { Stores } from "./database.ts";
import type { Stage } from "./world.ts";

/** What is backed up: each after those that it refers to. */
const keptTables = ["entitlement", "bucket", "lease", "member_draw", "ledger", "gateway", "permit"];

/** quota's own statements on Postgres, whose clock and start are tables that the histories set. About a history a second. */
export async function stageOnPostgres(): Promise<{ readonly stage: Stage; readonly drop: () => Promise<void> }> {
  const database = await testDatabase({ migrations });
  const { db, owner } = database;
  await owner.raw("create table simulated_clock (at timestamptz not null)");
  await owner.raw("insert into simulated_clock values (now())");
  await owner.raw(
    "create or replace function utc_now() returns timestamptz language sql volatile as $$ select at from simulated_clock $$",
  );
  await simulateStarts(owner);
  let [atWork, backups] = [0, 0];
  const work = async <T>(nowMs: number, run: () => Promise<T>): Promise<T> => {
    atWork += 1;
    try {
      await db.raw("update simulated_clock set at = to_timestamp(? / 1000.0)", [nowMs]);
      return await run();
    } finally {
      atWork -= 1;
    }
  };

  const open: Stage["open"] = async (nowMs, _onCommit, draw) => {
    await db.raw(
      "delete from ledger; delete from lease; delete from bucket; delete from entitlement; delete from gateway; delete from outbox; delete from permit",
    );
    await owner.raw(
      "select setval(pg_get_serial_sequence('lease', 'lease_id'), 1, false), setval('simulated.start', 1, false)",
    );
    const tables: MemoryTables = emptyTables();
    const start = async (): Promise<void> => void (tables.server.started = await startServer(owner));
    await start();
    const permits = createPermitStore(db);
    const connect = (): Stores => {
      const store = createQuotaStore(db, draw);
      return {
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
    return {
      tables,
      connect,
      isLive: false,
      backUp: async () => {
        const restore = await backUp(owner, `backup_${(backups += 1)}`);
        return async () => {
          await restore();
          await start();
        };
      },
      refresh: async () => {
        await readTables(db, tables);
        return (await db.raw<{ rows: unknown[] }>("select * from invariant_violation")).rows;
      },
    };
  };
  const shared = { metrics: createQuotaMetrics(createMetrics("quota")), logger: silentLogger() };
  return { stage: { ...shared, open, isBusy: () => atWork > 0 }, drop: () => database.drop() };
}

/** For sessions that are yet to be opened: Postgres's own function of this name comes second. */
async function simulateStarts(owner: Database): Promise<void> {
  await owner.raw("create schema simulated; grant usage on schema simulated to public");
  await owner.raw("create sequence simulated.start; grant select on simulated.start to public");
  await owner.raw(
    `create function simulated.pg_postmaster_start_time() returns timestamptz language sql stable
     as $$ select to_timestamp(last_value) from simulated.start $$`,
  );
  await owner.raw(
    `do $$ begin execute format('alter database %I set search_path to simulated, pg_catalog, public', current_database()); end $$`,
  );
}

/** Returns what the server says of its start. */
async function startServer(owner: Database): Promise<string> {
  await owner.raw("select nextval('simulated.start')");
  const { rows } = await owner.raw<{ rows: { started: string }[] }>(
    "select extract(epoch from simulated.pg_postmaster_start_time())::text as started",
  );
  return rows[0]?.started ?? "";
}

/** Returns what restores it. */
async function backUp(owner: Database, backup: string): Promise<() => Promise<void>> {
  await owner.raw(`create schema ${backup}`);
  for (const table of keptTables) await owner.raw(`create table ${backup}.${table} as table ${table}`);
  await owner.raw(`create table ${backup}.last_id as select last_value, is_called from lease_lease_id_seq`);
  return () =>
    owner.transaction(async (trx) => {
      for (const table of keptTables.toReversed()) await trx.raw(`delete from ${table}`);
      for (const table of keptTables)
        await trx.raw(`insert into ${table} overriding system value select * from ${backup}.${table}`);
      await trx.raw(`select setval('lease_lease_id_seq', last_value, is_called) from ${backup}.last_id`);
    });
}

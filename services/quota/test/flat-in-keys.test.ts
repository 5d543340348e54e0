import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { poolOptions } from "../src/store/database.ts";
import { createQuotaStore } from "../src/store/quota-store.ts";
import { applySubscription } from "../src/usecases/apply-subscription.ts";
import { closeAbandonedLeases } from "../src/usecases/close-abandoned-leases.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { synchronizeLeases } from "../src/usecases/sync-leases.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";
import { usageOf } from "./usage.ts";

const openLeases = 100_000;
const rowsPerLease = 3;
const rounds = 12;
/** A generous bound on the rows and index entries that one exchange about two buckets may read. */
const maxReadsPerExchange = 150;

let quota: QuotaOnPostgres;
let db: Database;
let deps: QuotaOnPostgres["deps"];
beforeAll(async () => {
  quota = await quotaOnPostgres();
  await quota.db.raw("select ensure_ledger_partitions(1)");
  await quota.db.raw("insert into gateway values ('gateway-busy', utc_now())");
  await fillDay(quota.db, "utc_today() - 1", openLeases / 5);
  await quota.db.raw("update lease set state = 'closed', returned = size - acked");
  await quota.db.raw("vacuum analyze");
  await fillDay(quota.db, "utc_today()", openLeases);
});
afterAll(() => quota.drop());

/** A day with many keys. */
async function fillDay(admin: Database, day: string, keys: number): Promise<void> {
  await admin.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, settled, escrow)
     select 'user:u' || n, 'api_calls', ${day}, 'user:u' || n, 'free', 75, 75, ${rowsPerLease}, 1
     from generate_series(1, ${keys}) as n`,
  );
  await admin.raw(
    `insert into lease (owner, meter, day, gateway_id, size, acked, reported, highest_seq, credit_window)
     select 'user:u' || n, 'api_calls', ${day}, 'gateway-busy', ${rowsPerLease + 1}, ${rowsPerLease}, ${rowsPerLease},
       ${rowsPerLease}, 2 from generate_series(1, ${keys}) as n`,
  );
  await admin.raw(
    `insert into ledger (lease_id, seq, entry, day, meter, amount, state)
     select lease_id, seq, 'charge', day, meter, 1, 'completed' from lease, generate_series(1, ${rowsPerLease}) as seq
     where day = ${day}`,
  );
}

/** Rows that this connection's statements read so far, by scans of tables and of indexes. */
async function rowsRead(): Promise<number> {
  await db.raw("select pg_stat_force_next_flush()");
  const { rows } = await db.raw<{ rows: { read: string }[] }>(
    `select (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables)
       + (select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes) as read`,
  );
  return Number(rows[0]?.read);
}

async function readsOf(work: () => Promise<unknown>): Promise<number> {
  const before = await rowsRead();
  await work();
  return (await rowsRead()) - before;
}

const ask = { leaseId: null, used: 0, returned: 0, want: 4, close: false } as const;
const meters = ["api_calls", "llm_requests"] as const;

/** What the planner knows: of a day that began since, nothing; or all. */
describe.each(["yesterday's", "today's"])(
  "with 100,000 leases open and %s statistics, work is what a message names",
  (known) => {
    beforeAll(async () => {
      if (known === "today's") await quota.db.raw("analyze");
      // As the service opens it: one connection, so that its counters tell of every statement.
      db = createDatabase({ url: quota.url, applicationName: "quota-flat", ...poolOptions(1) });
      deps = { ...quota.deps, store: createQuotaStore(db) };
    });
    afterAll(() => db.destroy());

    test("the first call of a key is one transaction for both meters, and reads a handful of rows", async () => {
      const owner = `user:first-with-${known.slice(0, 5)}`;
      const leases = meters.map((meter) => ({ ...ask, owner, meter }));
      let transactions = 0;
      const { transaction, ...rest } = deps.store;
      const counted: typeof deps.store = {
        ...rest,
        transaction: (work) => {
          transactions += 1;
          return transaction(work);
        },
      };
      const reads = await readsOf(() =>
        synchronizeLeases({ ...deps, store: counted }, { gatewayId: "gateway-first", leases }),
      );
      expect(transactions).toBe(1);
      expect(reads).toBeLessThan(maxReadsPerExchange);
    });

    test("a report, a usage record and a plan change read a handful of rows, however often their plans were made", async () => {
      const owner = `user:steady-with-${known.slice(0, 5)}`;
      const first = await synchronizeLeases(deps, {
        gatewayId: "gateway-steady",
        leases: meters.map((meter) => ({ ...ask, owner, meter })),
      });
      let held = first.leases;
      const reads = await readsOf(async () => {
        for (let round = 1; round <= rounds; round += 1) {
          const leases = held.map(({ meter, leaseId, returned }) => ({
            ...ask,
            owner,
            meter,
            leaseId,
            used: round,
            returned,
          }));
          held = (await synchronizeLeases(deps, { gatewayId: "gateway-steady", leases })).leases;
          const charges = held.map(({ meter, leaseId }) => ({ meter, leaseId: leaseId ?? "", seq: round }));
          expect((await recordUsage(deps, [usageOf(charges)], Date.now())).rejected.size).toBe(0);
          await deps.store.transaction((tx) =>
            applySubscription(tx, {
              owner,
              version: round,
              plan: round % 2 === 0 ? "free" : "pro",
              seats: 1,
              interval: "month",
              status: "active",
              changedAt: new Date().toISOString(),
            }),
          );
        }
      });
      expect(reads / rounds).toBeLessThan(3 * maxReadsPerExchange);
    });

    test("a sweep that finds nobody gone reads a handful of rows, and so does the search for rows without a usage record", async () => {
      const reads = await readsOf(async () => {
        expect(await closeAbandonedLeases(deps, 60_000)).toBe(0);
        await deps.store.markUnknown(60_000, 1_000);
      });
      expect(reads).toBeLessThan(maxReadsPerExchange);
    });
  },
);

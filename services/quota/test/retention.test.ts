import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { proveMetering } from "../src/store/metering-proof.ts";
import { forgetLedgerDays } from "../src/usecases/keep-usage.ts";
import { makePartitions } from "../src/usecases/make-partitions.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const keptDays = 90;
const tables = ["bucket", "member_draw", "lease", "ledger", "lease_proof", "proven_bucket", "proven_day"] as const;

let quota: QuotaOnPostgres;
beforeEach(async () => {
  quota = await quotaOnPostgres();
  await makePartitions(quota.deps.store);
});
afterEach(() => quota.drop());

const keep = (): Promise<void> => forgetLedgerDays(quota.db, keptDays, new AbortController().signal);
const daysOf = async (table: (typeof tables)[number]): Promise<number[]> => {
  const { rows } = await quota.db.raw<{ rows: { ago: number }[] }>(
    "select distinct utc_today() - day as ago from ?? order by 1",
    [table],
  );
  return rows.map(({ ago }) => ago);
};

/** A day's bucket, its closed lease and two ledger rows, so many days ago; with a partition of its own or in the net. */
async function addDay(ago: number, hasPartition: boolean): Promise<void> {
  const { db, owner } = quota;
  if (hasPartition) {
    await owner.raw(
      `do $$ declare d date := utc_today() - ${ago}; begin
         execute format('create table %I partition of ledger for values from (%L) to (%L)', 'ledger_' || to_char(d, 'YYYYMMDD'), d, d + 1);
       end $$`,
    );
  }
  await db.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, settled)
     values ('user:old', 'api_calls', utc_today() - ?::integer, 'user:old', 'free', 75, 75, 2)`,
    [ago],
  );
  await db.raw(
    "insert into member_draw values ('user:old', 'api_calls', utc_today() - ?::integer, 'usr_1', 2, utc_now())",
    [ago],
  );
  const { rows } = await db.raw<{ rows: { lease_id: string }[] }>(
    `insert into lease (owner, meter, day, gateway_id, size, acked, reported, highest_seq, credit_window, state, final_used)
     values ('user:old', 'api_calls', utc_today() - ?::integer, 'gateway-a', 2, 2, 2, 2, 2, 'closed', 2) returning lease_id`,
    [ago],
  );
  await db.raw(
    `insert into ledger (lease_id, seq, entry, day, meter, amount, state)
     select ?, seq, 'charge', utc_today() - ?::integer, 'api_calls', 1, 'unknown' from generate_series(1, 2) seq`,
    [rows[0]?.lease_id ?? "", ago],
  );
}

test("days before the kept ones are dropped with everything that belongs to them, and no other day", async () => {
  await addDay(keptDays + 10, true);
  await addDay(keptDays + 1, false);
  await addDay(keptDays, true);
  await addDay(1, false);
  await quota.sync("gateway-a", { owner: "user:now", want: 4 });
  while ((await proveMetering(quota.db, 100)) > 0);
  await keep();
  for (const table of tables)
    expect([table, await daysOf(table)]).toEqual([table, expect.not.arrayContaining([keptDays + 1])]);
  expect(await daysOf("ledger")).toEqual([1, keptDays]);
  expect(await daysOf("bucket")).toEqual([0, 1, keptDays]);
  expect(await daysOf("lease")).toEqual([0, 1, keptDays]);
  expect(await daysOf("member_draw")).toEqual([1, keptDays]);
  expect(await daysOf("lease_proof")).toEqual([1, keptDays]);
  const { rows } = await quota.db.raw<{ rows: { ago: number }[] }>(
    "select distinct utc_today() - day as ago from metering_gap order by 1",
  );
  expect(rows.map(({ ago }) => ago)).toEqual([1, keptDays]);
  expect(await quota.violations()).toEqual([]);
});

test("the last seven days stay whatever the function is told", async () => {
  await addDay(7, true);
  await quota.db.raw("select drop_ledger_partitions(0)");
  expect(await daysOf("ledger")).toEqual([7]);
});

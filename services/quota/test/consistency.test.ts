import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type CheckFrom, type ConsistencyCount, countConsistency } from "../src/store/consistency.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const owners = ["user:a", "user:b", "user:c", "user:d", "user:e", "user:f", "user:g"];
const bounds = { maxBuckets: 3, maxRows: 1_000 };

let quota: QuotaOnPostgres;
beforeEach(async () => {
  quota = await quotaOnPostgres();
  for (const owner of owners) {
    const { leaseId } = await quota.sync("gateway-a", { owner, want: 4 });
    await quota.sync("gateway-a", { owner, leaseId, used: 1 });
  }
});
afterEach(() => quota.drop());

/** Runs one after the other, each from where the one before ended. */
async function walk(runs: number, limits = bounds): Promise<ConsistencyCount[]> {
  const counts: ConsistencyCount[] = [];
  let from: CheckFrom = { after: null, suspects: [] };
  for (let run = 0; run < runs; run += 1) {
    const count = await countConsistency(quota.db, limits, from);
    counts.push(count);
    from = { after: count.last, suspects: count.disagreeing };
  }
  return counts;
}

test("a run checks no more buckets than it may, and the next ones the rest, round and round", async () => {
  const counts = await walk(5);
  expect(counts.map(({ checkedBuckets, isWhole }) => [checkedBuckets, isWhole])).toEqual(
    Array.from({ length: 5 }, () => [3, false]),
  );
  expect(counts.map(({ last }) => last?.owner)).toEqual(["user:c", "user:f", "user:b", "user:e", "user:a"]);
});

test("with few buckets each run checks them all, wherever the last one ended", async () => {
  const counts = await walk(3, { maxBuckets: 8, maxRows: 1_000 });
  expect(counts.map(({ checkedBuckets, isWhole }) => [checkedBuckets, isWhole])).toEqual(
    Array.from({ length: 3 }, () => [7, true]),
  );
});

test("a bucket that does not agree stays in the figure until it does", async () => {
  await quota.db.raw("delete from ledger where lease_id = (select lease_id from lease where owner = 'user:b')");
  const [first, second, third] = await walk(3);
  for (const run of [first, second, third]) {
    expect((run?.checkedBuckets ?? 0) - (run?.agreeingBuckets ?? 0)).toBe(1);
    expect(run?.disagreeing.map(({ owner }) => owner)).toEqual(["user:b"]);
  }
});

test("a bucket with more rows than a run may read is counted and left out, and holds up nobody", async () => {
  await quota.db.raw("update bucket set settled = 20, escrow = 0 where owner = 'user:b'");
  const [first, second] = await walk(2, { maxBuckets: 4, maxRows: 10 });
  expect(first).toMatchObject({ checkedBuckets: 3, oversizedBuckets: 1 });
  expect(second).toMatchObject({ checkedBuckets: 4, oversizedBuckets: 0 });
});

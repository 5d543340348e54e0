import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { callerOf, usageOf } from "@topdog/testing/usage";
import { epochMs, epochsSinceMs, idsPerEpoch } from "../src/store/leases.ts";
import { createQuotaStore } from "../src/store/quota-store.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { synchronizeLeases } from "../src/usecases/sync-leases.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

let quota: QuotaOnPostgres;
beforeAll(async () => {
  quota = await quotaOnPostgres();
});
afterAll(() => quota.drop());

const [a, b] = ["gateway-a", "gateway-b"];
const bucketOf = async (owner: string) => {
  const { rows } = await quota.db.raw<{ rows: { settled: number; escrow: number }[] }>(
    "select settled, escrow from bucket where owner = ? and meter = 'api_calls' order by day desc limit 1",
    [owner],
  );
  return rows[0];
};

describe("a database that was restored", () => {
  const epochOf = (leaseId: string | null): bigint => BigInt(leaseId ?? "0") / idsPerEpoch;

  test("does not know a gateway's lease: it ends, and the next one has an id that no gateway can have seen", async () => {
    const owner = "user:restored";
    const { leaseId: known } = await quota.sync(a, { owner, want: 4 });
    const lost = (BigInt(known ?? "") + 7n).toString();
    expect(await quota.sync(a, { owner, leaseId: lost, used: 3 })).toMatchObject({ leaseId: lost, state: "closed" });
    const next = await quota.sync(b, { owner: "user:newcomer", want: 4 });
    expect(epochOf(next.leaseId)).toBe(epochOf(known) + 1n);
    // Told again, by this gateway or by others, it is the same loss.
    await quota.sync(b, { owner, leaseId: (BigInt(lost) + 2n).toString(), used: 1 });
    expect(epochOf((await quota.sync(b, { owner, want: 4 })).leaseId)).toBe(epochOf(next.leaseId));
  });

  test("would give out ids that a gateway has ended already: it gives newer ones, however far back it is", async () => {
    const { leaseId } = await quota.sync(b, { owner: "user:near", want: 1 });
    const ended = epochOf(leaseId) + 3n;
    const endedLeaseId = (ended * idsPerEpoch + 5n).toString();
    for (const owner of ["user:far", "user:farther"]) {
      expect(epochOf((await quota.sync(a, { owner, endedLeaseId, want: 4 })).leaseId)).toBe(ended + 1n);
    }
  });

  test("has an open lease that its gateway would refuse as an old one: it is closed, and the gateway gets another", async () => {
    const owner = "user:fork";
    const { leaseId } = await quota.sync(a, { owner, want: 4 });
    const endedLeaseId = (BigInt(leaseId ?? "") + 1n).toString();
    expect(await quota.sync(a, { owner, endedLeaseId, want: 4 })).toMatchObject({ leaseId, state: "closed" });
    const next = await quota.sync(a, { owner, endedLeaseId, want: 4 });
    expect([next.state, BigInt(next.leaseId ?? "") > BigInt(endedLeaseId)]).toEqual(["open", true]);
  });
});

describe("a database that was restored is told by a gateway what it lost of its lease", () => {
  const rowsOf = async (leaseId: string | null): Promise<{ rows: number; burned: number; size: number }[]> =>
    (
      await quota.db.raw<{ rows: { rows: number; burned: number; size: number }[] }>(
        `select (select count(*)::integer from ledger g where g.lease_id = l.lease_id) as rows, burned, size from lease l where lease_id = ?`,
        [leaseId],
      )
    ).rows;
  const day = (): Promise<string> => quota.deps.store.readClock().then(({ today }) => today);
  let asked = 0;
  /** An id that the database has yet to give. */
  const unknownId = async (): Promise<string> => {
    const { leaseId } = await quota.sync(b, { owner: `user:latest-${(asked += 1)}`, want: 1 });
    return (BigInt(leaseId ?? "") + idsPerEpoch + 7n).toString();
  };
  const usage = (owner: string, leaseId: string, seq: number, on: string) => ({
    ...usageOf([{ meter: "api_calls" as const, leaseId, seq }], callerOf(owner)),
    day: on,
  });

  test("one that it does not know: its calls are charged, once, and their records find their rows", async () => {
    const owner = "user:lost-lease";
    const [leaseId, today] = [await unknownId(), await day()];
    expect(await quota.sync(a, { owner, leaseId, used: 3 })).toMatchObject({ state: "closed" });
    const last = { owner, leaseId, used: 3, returned: 1, close: true, told: { day: today, size: 4, reported: 2 } };
    expect(await quota.sync(a, last)).toMatchObject({ leaseId, state: "closed", reported: 3 });
    expect(await quota.sync(a, last)).toMatchObject({ state: "closed", reported: 3 });
    expect([await bucketOf(owner), await rowsOf(leaseId)]).toEqual([
      { settled: 3, escrow: 0 },
      [{ rows: 3, burned: 0, size: 3 }],
    ]);
    const records = [1, 2, 3, 4].map((seq) => usage(owner, leaseId, seq, today));
    const { rejected } = await recordUsage(quota.deps, records, Date.now());
    expect([...rejected].map(([index, error]) => [index, error.message])).toEqual([
      [3, `seq 4 of lease ${leaseId} was never granted`],
    ]);
    expect(await quota.violations()).toEqual([]);
  });

  test("one that it knows as smaller and less used: nothing of it stays burned", async () => {
    const owner = "user:lost-part";
    const { leaseId } = await quota.sync(a, { owner, want: 4 });
    await quota.sync(a, { owner, leaseId, used: 1 });
    expect(await quota.sync(a, { owner, leaseId, used: 7, returned: 0 })).toMatchObject({ state: "closed" });
    expect((await rowsOf(leaseId))[0]?.burned).toBe(2);
    const told = { day: await day(), size: 8, reported: 6 };
    await quota.sync(a, { owner, leaseId, used: 7, returned: 1, close: true, told });
    expect([await bucketOf(owner), await rowsOf(leaseId)]).toEqual([
      { settled: 7, escrow: 0 },
      [{ rows: 7, burned: 0, size: 7 }],
    ]);
    expect(await quota.violations()).toEqual([]);
  });

  test("never beyond the limit: what others were granted meanwhile stays theirs", async () => {
    const owner = "user:lost-late";
    await quota.sync(b, { owner, want: 4 });
    await quota.db.raw("update bucket set daily_limit = 6, cap = 6 where owner = ?", [owner]);
    const leaseId = await unknownId();
    const told = { day: await day(), size: 40, reported: 30 };
    const shared = { owner, meter: "api_calls" as const, want: 0, close: true, told };
    const other = (BigInt(leaseId) + 1n).toString();
    await synchronizeLeases(quota.deps, {
      gatewayId: a,
      leases: [
        { ...shared, leaseId, used: 1, returned: 39 },
        { ...shared, leaseId: other, used: 30, returned: 10 },
      ],
    });
    expect(await bucketOf(owner)).toEqual({ settled: 2, escrow: 4 });
    expect([await rowsOf(leaseId), await rowsOf(other)]).toMatchObject([[{ rows: 1 }], [{ rows: 1 }]]);
  });

  test("not of a lease that is somebody else's, nor of one that was never larger than it is known to be", async () => {
    const [owner, today] = ["user:liar", await day()];
    const { leaseId } = await quota.sync(b, { owner: "user:victim", want: 4 });
    const told = { day: today, size: 9, reported: 0 };
    await quota.sync(a, { owner, leaseId, used: 4, returned: 5, close: true, told });
    await quota.sync(a, { owner: "user:victim", leaseId, used: 4, returned: 5, close: true, told });
    expect(await rowsOf(leaseId)).toEqual([{ rows: 0, burned: 0, size: 4 }]);

    const own = await quota.sync(a, { owner, want: 4 });
    const equal = { day: today, size: 4, reported: 0 };
    await quota.sync(a, { owner, leaseId: own.leaseId, used: 3, returned: 1, close: true, told: equal });
    expect(await rowsOf(own.leaseId)).toEqual([{ rows: 0, burned: 2, size: 4 }]);
    expect(await quota.violations()).toEqual([]);
  });

  test("not of a day that is over", async () => {
    const owner = "user:lost-yesterday";
    const leaseId = await unknownId();
    const told = { day: "2026-01-01", size: 4, reported: 2 };
    await quota.sync(a, { owner, leaseId, used: 3, returned: 1, close: true, told });
    expect(await rowsOf(leaseId)).toEqual([]);
  });
});

test("epochs that processes of quota begin together are not begun again by those of a server that was restored meanwhile", async () => {
  const fresh = await quotaOnPostgres();
  const epochsBegun = async (): Promise<bigint[]> => {
    const epochs: bigint[] = [];
    for (let n = 0; n < 5; n += 1) {
      const deps = { ...fresh.deps, store: createQuotaStore(fresh.db) };
      const ask = { meter: "api_calls" as const, leaseId: null, used: 0, returned: 0, want: 1, close: false };
      const leases = [{ ...ask, owner: "user:together" }];
      const reply = await synchronizeLeases(deps, { gatewayId: `gateway-${n}`, leases });
      epochs.push(BigInt(reply.leases[0]?.leaseId ?? "0") / idsPerEpoch);
    }
    return epochs;
  };
  try {
    const forgotten = await epochsBegun();
    await fresh.owner.raw("delete from lease");
    await fresh.owner.raw("select setval('lease_lease_id_seq', 1, false)");
    // No server is stopped, restored and started faster.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await epochsBegun()).filter((epoch) => forgotten.includes(epoch))).toEqual([]);
  } finally {
    await fresh.drop();
  }
});

test("epochs that began while the clock was ahead give no ids of those that a restored server begins after the same ones", async () => {
  const fresh = await quotaOnPostgres();
  const ask = { meter: "api_calls" as const, leaseId: null, used: 0, returned: 0, want: 1, close: false };
  const aheadEpoch = BigInt(Date.parse("2030-01-01") - epochsSinceMs) / BigInt(epochMs);
  const idsBegun = async (): Promise<string[]> => {
    const ids: string[] = [];
    // The newest that a gateway held, or the newest that the backup knew.
    await fresh.owner.raw("select setval('lease_lease_id_seq', ?::bigint, true)", [
      (aheadEpoch * idsPerEpoch).toString(),
    ]);
    let { deps } = fresh;
    for (let n = 0; n < 3; n += 1) {
      deps = { ...deps, store: createQuotaStore(fresh.db) };
      const leases = [{ ...ask, owner: "user:ahead" }];
      const reply = await synchronizeLeases(deps, { gatewayId: `gateway-${n}`, leases });
      ids.push(reply.leases[0]?.leaseId ?? "");
    }
    const held = String(BigInt(ids[2] ?? "") + 5n);
    const leases = [
      { ...ask, owner: "user:ahead", leaseId: held, used: 1 },
      { ...ask, owner: "user:after" },
    ];
    const reply = await synchronizeLeases(deps, { gatewayId: "gateway-0", leases });
    return [...ids, reply.leases[1]?.leaseId ?? ""];
  };
  try {
    const forgotten = await idsBegun();
    await fresh.owner.raw("delete from lease; update bucket set escrow = 0");
    const given = await idsBegun();
    const epochsOf = (ids: readonly string[]): bigint[] => ids.map((id) => BigInt(id) / idsPerEpoch);
    expect(epochsOf(given)).toEqual(epochsOf(forgotten));
    expect(epochsOf(given)).toEqual([1n, 2n, 3n, 4n].map((n) => aheadEpoch + n));
    expect(given.filter((id) => forgotten.includes(id))).toEqual([]);
  } finally {
    await fresh.drop();
  }
});

test("the first lease that a process of quota makes on a server that was started has the id of an epoch of its own", async () => {
  const epochOf = (leaseId: string | null): bigint => BigInt(leaseId ?? "0") / idsPerEpoch;
  const before = await quota.sync(a, { owner: "user:epoch-1", want: 1 });
  const same = await quota.sync(a, { owner: "user:epoch-2", want: 1 });
  const deps = { ...quota.deps, store: createQuotaStore(quota.db) };
  const ask = { meter: "api_calls" as const, leaseId: null, used: 0, returned: 0, want: 1, close: false };
  const { leases, history } = await synchronizeLeases(deps, {
    gatewayId: b,
    leases: [{ ...ask, owner: "user:epoch-3" }],
  });
  expect(epochOf(same.leaseId)).toBe(epochOf(before.leaseId));
  expect(epochOf(leases[0]?.leaseId ?? null)).toBeGreaterThan(epochOf(before.leaseId));
  expect(await synchronizeLeases(deps, { gatewayId: b, leases: [] })).toMatchObject({ history });
});

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Charge } from "@topdog/contracts/quota";
import { ImpossibleEventError } from "@topdog/messaging/impossible-event";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";
import { callerOf, usageOf } from "@topdog/testing/usage";

const gateway = "gateway-a";
const owner = "user:a";
let quota: QuotaOnPostgres;
let leaseId: string;
let llmLeaseId: string;
beforeEach(async () => {
  quota = await quotaOnPostgres();
  leaseId = (await quota.sync(gateway, { owner, want: 4 })).leaseId ?? "";
  llmLeaseId = (await quota.sync(gateway, { owner, meter: "llm_requests", want: 4 })).leaseId ?? "";
});
afterEach(async () => {
  await quota.drop();
});

const call = (seq: number): Charge[] => [
  { meter: "api_calls", leaseId, seq },
  { meter: "llm_requests", leaseId: llmLeaseId, seq },
];
const report = async (used: number): Promise<void> => {
  await quota.sync(gateway, { owner, leaseId, used });
  await quota.sync(gateway, { owner, meter: "llm_requests", leaseId: llmLeaseId, used });
};
const record = (...usages: Parameters<typeof usageOf>[]) =>
  recordUsage(
    quota.deps,
    usages.map(([charges, details]) => usageOf(charges, { ...callerOf(owner), ...details })),
    Date.now(),
  );

interface State {
  readonly buckets: unknown[];
  readonly ledger: unknown[];
}

async function state(): Promise<State> {
  const buckets = await quota.db.raw<{ rows: unknown[] }>("select meter, settled, escrow from bucket order by meter");
  const ledger = await quota.db.raw<{ rows: unknown[] }>(
    `select meter, seq, entry, amount, state, outcome, prompt_tokens, completion_tokens, cost_nano_usd::float8 as cost
     from ledger order by meter, seq, entry`,
  );
  return { buckets: buckets.rows, ledger: ledger.rows };
}

test("a call whose cost is not known has none in the ledger, which is not the same as nothing", async () => {
  await record([call(1), { costNanoUsd: 0, costUnknown: true }], [call(2), { costNanoUsd: 0 }]);
  const { rows } = await quota.db.raw<{ rows: unknown[] }>(
    "select seq::int, cost_nano_usd::float8 as cost from ledger where meter = 'api_calls' order by seq",
  );
  expect(rows).toEqual([
    { seq: 1, cost: null },
    { seq: 2, cost: 0 },
  ]);
});

describe("a usage record", () => {
  test("and its gateway's report lead to the same ledger in any order, however often they are told", async () => {
    const steps: Record<string, () => Promise<unknown>> = {
      report: () => report(2),
      one: () => record([call(1)]),
      both: () => record([call(1)], [call(2), { refund: true, outcome: "failed" }], [call(1)]),
      two: () => record([call(2), { refund: true, outcome: "failed" }]),
    };
    const orders = [
      ["report", "one", "two"],
      ["two", "one", "report", "report"],
      ["both", "report", "both", "two"],
      ["one", "report", "both"],
    ];
    const states: State[] = [];
    for (const order of orders) {
      await quota.db.raw("delete from ledger");
      await quota.db.raw("update lease set acked = 0, reported = 0, highest_seq = 0");
      await quota.db.raw(
        "update bucket b set settled = 0, escrow = (select sum(size) from lease l where l.meter = b.meter)",
      );
      for (const name of order) await steps[name]?.();
      expect(await quota.violations()).toEqual([]);
      states.push(await state());
    }
    expect(states[0]).toMatchObject({
      buckets: [
        { settled: 1, escrow: 2 },
        { settled: 1, escrow: 0 },
      ],
    });
    for (const one of states) expect(one).toEqual(states[0]);
  });

  test("of a call that no provider answered through its caller's own fault keeps the API call and gives the LLM request back", async () => {
    const rejected = { outcome: "rejected", refund: false, refundsLlmRequest: true } as const;
    await record([call(1), rejected], [call(1), rejected]);
    const { buckets, ledger } = await state();
    expect(buckets).toMatchObject([
      { meter: "api_calls", settled: 1 },
      { meter: "llm_requests", settled: 0 },
    ]);
    expect(ledger).toMatchObject([
      { meter: "api_calls", amount: 1 },
      { meter: "llm_requests", entry: "charge" },
      { meter: "llm_requests", entry: "refund", amount: -1 },
    ]);
    expect(await quota.violations()).toEqual([]);
  });

  test("has its tokens and its cost on the API call's row alone", async () => {
    await record([call(1)]);
    const { ledger } = await state();
    expect(ledger).toMatchObject([
      { meter: "api_calls", prompt_tokens: 10, completion_tokens: 20, cost: 30_600 },
      { meter: "llm_requests", prompt_tokens: null, completion_tokens: null, cost: null },
    ]);
  });

  test("that charges what no gateway was granted is rejected, and its neighbours in the batch are recorded", async () => {
    const { rejected } = await record(
      [[{ meter: "api_calls", leaseId: "999", seq: 1 }]],
      [call(1)],
      [[{ meter: "api_calls", leaseId, seq: 3 }]],
      [[{ meter: "llm_requests", leaseId, seq: 1 }]],
      [call(1), { userId: "b" }],
    );
    expect([...rejected].map(([index, error]) => [index, error.message])).toEqual([
      [0, "lease 999 is unknown"],
      [2, `seq 3 of lease ${leaseId} was never granted`],
      [3, `lease ${leaseId} is not of llm_requests`],
      [4, `lease ${leaseId} belongs to somebody else`],
    ]);
    expect((await state()).ledger).toHaveLength(2);
    expect(await quota.violations()).toEqual([]);
  });

  test("of a call that nobody can have made is set aside at once, reported or not, and its neighbours in the batch are recorded", async () => {
    await report(1);
    const { rejected } = await record(
      [call(1), { costNanoUsd: 2e13 }],
      [call(2), { keyId: "k".repeat(65) }],
      [call(1), { costNanoUsd: 1e13 }],
    );
    expect([...rejected]).toEqual([
      [0, new ImpossibleEventError("no call costs 20000000000000 nano-USD")],
      [1, new ImpossibleEventError("an id is too long to be one")],
    ]);
    expect((await state()).ledger).toMatchObject([{ seq: 1, cost: 1e13 }, { seq: 1 }]);
  });

  test("of a call that its gateway has reported waits for nobody who holds the bucket, and is found on whatever day it names", async () => {
    await report(2);
    const holder = await quota.db.transaction();
    try {
      await holder.raw("select from bucket for update");
      await record([call(1)]);
    } finally {
      await holder.rollback();
    }
    await record([call(2), { day: "2020-01-01" }]);
    expect((await state()).ledger).toMatchObject(
      [{ seq: 1 }, { seq: 2 }, { seq: 1 }, { seq: 2 }].map((row) => ({ ...row, state: "completed" })),
    );
    expect(await quota.violations()).toEqual([]);
  });

  test("completes a row that was given up, and a completed row keeps what it says", async () => {
    await report(1);
    expect(await quota.deps.store.markUnknown(0, 10)).toBe(2);
    await record([call(1)]);
    await record([call(1), { outcome: "failed", promptTokens: 99 }]);
    expect((await state()).ledger).toMatchObject([
      { state: "completed", outcome: "ok", prompt_tokens: 10 },
      { state: "completed", outcome: "ok" },
    ]);
  });
});

test("of a bucket whose limit was lowered to what is used, it says once that nothing is left", async () => {
  await report(1);
  await quota.db.raw("update bucket set daily_limit = 1");
  for (let time = 0; time < 3; time += 1) await record([call(1)]);
  const { rows } = await quota.db.raw<{ rows: unknown[] }>(
    "select subject, count(*)::integer as events from outbox group by subject",
  );
  expect(rows).toEqual([{ subject: "topdog.quota.exhausted.v1", events: 2 }]);
});

test("it is the ledger's key alone that makes a repeated record count once: without it, it counts twice", async () => {
  await quota.owner.raw("alter table ledger drop constraint ledger_pkey");
  await record([call(1)]);
  await record([call(1)]);
  expect(await state()).toMatchObject({ buckets: [{ settled: 2 }, { settled: 2 }] });
  expect(await quota.violations()).not.toEqual([]);
});

test("a day gives back as many tokens as it has, and keeps what fails beyond that", async () => {
  const small = "key:key_1";
  const ceiling = { limit: 2, version: 1 };
  const ask = { owner: small, meter: "capped_calls", ceiling } as const;
  const failed = { outcome: "failed", refund: true, userId: "a" } as const;
  for (let seq = 1; seq <= 4; seq += 1) {
    const grant = await quota.sync(`gateway-${seq}`, { ...ask, want: 1 });
    const charge = { meter: "capped_calls", leaseId: grant.leaseId ?? "", seq: 1 } as const;
    await record([[charge], failed]);
    // Told again: it changes nothing.
    await record([[charge], failed]);
    const { rows } = await quota.db.raw<{ rows: unknown[] }>("select settled, refunded from bucket where owner = ?", [
      small,
    ]);
    expect(rows).toEqual([{ settled: Math.max(0, seq - 2), refunded: Math.min(2, seq) }]);
  }
  expect((await quota.sync("gateway-5", { ...ask, want: 1 })).status).not.toBe("ok");
});

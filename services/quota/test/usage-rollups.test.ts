import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { usageSummed } from "@topdog/contracts/events/usage-summed";
import type { PlanMeter } from "@topdog/contracts/quota";
import { callerOf, usageOf } from "@topdog/testing/usage";
import * as fc from "fast-check";
import type { UsageGrain, UsageQuery } from "../src/domain/usage-query.ts";
import { foldUsage, forgetUsage, sumUsage } from "../src/store/usage-rollups.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { type QuotaOnPostgres, quotaOnPostgres } from "./platform.ts";

const runs = 6;
const stepsAtMost = 30;
const gateway = "gateway-rollups";
const meters = ["api_calls", "llm_requests"] as const;
const everything = ["source", "key", "member", "model", "provider"] as const;
const leaseSize = 30;
const hourMs = 3_600_000;

let quota: QuotaOnPostgres;
let today: string;
beforeAll(async () => {
  quota = await quotaOnPostgres();
  await quota.db.raw("select ensure_ledger_partitions(1)");
  today = (await quota.deps.store.readClock()).today;
});
afterAll(() => quota.drop());

const query = (tenant: string, grain: UsageGrain): UsageQuery => ({
  tenant,
  grain,
  userId: null,
  from: "2020-01-01",
  to: "2040-01-01",
  by: everything,
  filters: {},
});

/** The same sums straight from the ledger. The hour is the call's own, as far as it is one of the ledger's day. */
async function sumLedger(tenant: string, grain: UsageGrain): Promise<unknown[]> {
  const [kind, id] = tenant.split(":");
  const at =
    grain === "day"
      ? "day::text"
      : `to_char(day + make_interval(hours => case when started_at < day::timestamp at time zone 'utc' then 0
          when started_at >= (day + 1)::timestamp at time zone 'utc' then 23
          else extract(hour from started_at at time zone 'utc')::integer end), 'YYYY-MM-DD"T"HH24:00:00.000"Z"')`;
  const { rows } = await quota.db.raw<{ rows: unknown[] }>(
    `select ${at} as at, source, key_id as key, user_id as member, model, provider,
       coalesce(sum(amount) filter (where meter = 'api_calls'), 0)::float8 as calls,
       sum(case when meter = 'api_calls' and (outcome = 'interrupted' or (provider is not null and outcome <> 'rejected'))
         then amount else 0 end)::float8 as "llmRequests",
       coalesce(sum(amount) filter (where meter = 'llm_requests'), 0)::float8 as "llmRequestsCharged",
       (count(*) filter (where meter = 'api_calls' and entry = 'refund'))::float8 as "refundedCalls",
       coalesce(sum(prompt_tokens), 0)::float8 as "promptTokens",
       coalesce(sum(completion_tokens), 0)::float8 as "completionTokens",
       coalesce(sum(cost_nano_usd), 0)::float8 as "costNanoUsd",
       (count(*) filter (where meter = 'api_calls' and entry = 'charge' and cost_nano_usd is null))::float8 as "unpricedCalls"
     from ledger where state = 'completed' and ${kind === "org" ? "org_id = ?" : "org_id is null and user_id = ?"}
     group by 1, 2, 3, 4, 5, 6
     order by 1, source collate "C", key_id collate "C", user_id collate "C", coalesce(model, '') collate "C", coalesce(provider, '') collate "C"`,
    [id ?? ""],
  );
  return rows;
}

interface Holder {
  readonly owner: string;
  readonly tenant: string;
  readonly leases: Readonly<Record<PlanMeter, string>>;
}

async function hold(owner: string, tenant: string): Promise<Holder> {
  await quota.db.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, escrow)
     select ?, meter, utc_today(), ?, 'pro', 300, 300, ? from unnest(?::text[]) meter`,
    [owner, tenant, leaseSize, [...meters]],
  );
  const { rows } = await quota.db.raw<{ rows: { leaseId: string }[] }>(
    `insert into lease (owner, meter, day, gateway_id, size, credit_window)
     select owner, meter, day, ?, ?, ? from bucket where owner = ? order by meter returning lease_id::text as "leaseId"`,
    [gateway, leaseSize, leaseSize, owner],
  );
  const [api_calls = "", llm_requests = ""] = rows.map(({ leaseId }) => leaseId);
  return { owner, tenant, leases: { api_calls, llm_requests } };
}

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("admit" as const),
      holder: fc.nat(2),
      upTo: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("complete" as const),
      holder: fc.nat(2),
      calls: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      outcome: fc.constantFrom("ok" as const, "rejected" as const, "failed" as const, "interrupted" as const),
      model: fc.constantFrom("small", "large", null),
      provider: fc.constantFrom("sandbox-a", null),
      key: fc.constantFrom("key_1", "key_2"),
      hoursFromNoon: fc.integer({ min: -30, max: 30 }),
      isPriced: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("give up" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("fold" as const), most: fc.integer({ min: 1, max: 5 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

async function take(one: Step, holders: readonly Holder[], admitted: number[]): Promise<void> {
  if (one.kind === "fold") return void (await foldUsage(quota.db, one.most));
  if (one.kind === "give up") return void (await quota.deps.store.markUnknown(0, 100));
  const holder = holders[one.holder];
  if (holder === undefined) throw new Error("there are three holders");
  const { owner, leases } = holder;
  if (one.kind === "admit") {
    const used = Math.max(admitted[one.holder] ?? 0, one.upTo);
    admitted[one.holder] = used;
    for (const meter of meters) await quota.sync(gateway, { owner, meter, leaseId: leases[meter], used });
    return;
  }
  const startedAt = new Date(Date.parse(today) + 12 * hourMs + one.hoursFromNoon * hourMs).toISOString();
  const details: Partial<UsageConsumed> = {
    ...callerOf(owner),
    source: owner.startsWith("org:") ? "org_pool" : "personal",
    outcome: one.outcome,
    refund: one.outcome === "failed",
    refundsLlmRequest: one.outcome === "rejected",
    model: one.model,
    provider: one.provider,
    keyId: one.key,
    startedAt,
    ...(one.isPriced ? {} : { costNanoUsd: 0, costUnknown: true as const }),
  };
  const usages = one.calls.map((seq) =>
    usageOf(
      meters.map((meter) => ({ meter, leaseId: leases[meter], seq })),
      details,
    ),
  );
  await recordUsage(quota.deps, usages, Date.now());
}

let histories = 0;

describe("the sums by hour and by day", () => {
  test("equal the ledger at every moment, however calls are admitted, completed, refunded, given up, told again and folded", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: stepsAtMost, size: "max" }), async (steps) => {
        histories += 1;
        const [user, org] = [`u${histories}`, `o${histories}`];
        const holders = [
          await hold(`user:${user}`, `user:${user}`),
          await hold(`seat:${org}:${user}`, `org:${org}`),
          await hold(`user:other-${user}`, `user:other-${user}`),
        ];
        const admitted: number[] = [];
        for (const one of steps) {
          await take(one, holders, admitted);
          for (const tenant of new Set(holders.map((holder) => holder.tenant))) {
            for (const grain of ["day", "hour"] as const)
              expect(await sumUsage(quota.db, query(tenant, grain), null, 1_000)).toEqual(
                await sumLedger(tenant, grain),
              );
          }
        }
      }),
      { numRuns: runs, endOnFailure: true },
    );
    const { rows } = await quota.db.raw<{ rows: { sums: number }[] }>(
      "select count(*)::integer as sums from usage_rollup",
    );
    expect(rows[0]?.sums).toBeGreaterThan(20);
  }, 120_000);

  test("count a day's hours in that day alone, whatever the clock of the call said", async () => {
    const [day] = await sumUsage(quota.db, { ...query("user:u1", "day"), by: [] }, null, 10);
    const hours = await sumUsage(quota.db, { ...query("user:u1", "hour"), by: [] }, null, 100);
    expect(hours.reduce((sum, { calls }) => sum + calls, 0)).toBe(day?.calls ?? 0);
    expect(hours.filter(({ at }) => !at.startsWith(today))).toEqual([]);
  });

  test("are folded by several at once without losing or repeating one, while they are read", async () => {
    const holder = await hold("user:busy", "user:busy");
    const record = (seq: number) =>
      recordUsage(
        quota.deps,
        [
          usageOf([{ meter: "api_calls", leaseId: holder.leases.api_calls, seq }], {
            ...callerOf("user:busy"),
            keyId: `key_${seq % 3}`,
          }),
        ],
        Date.now(),
      );
    const calls = async () =>
      (await sumUsage(quota.db, { ...query("user:busy", "day"), by: [] }, null, 10))[0]?.calls ?? 0;
    let recorded = 0;
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([1, 2, 3, 4].map((one) => record(recorded + one)));
      recorded += 4;
      const seen = await Promise.all([
        foldUsage(quota.db, 2),
        calls(),
        foldUsage(quota.db, 2),
        calls(),
        foldUsage(quota.db, 100),
        calls(),
      ]);
      expect([seen[1], seen[3], seen[5]]).toEqual([recorded, recorded, recorded]);
    }
  });

  test("are told although one is more than can be said: that one as the most that can, and the others as they are", async () => {
    while ((await foldUsage(quota.db, 100)) > 0);
    await quota.db.raw("delete from outbox");
    await quota.db.raw(
      `insert into usage_rollup_delta (tenant, at, user_id, key_id, source, calls, llm_requests, answered_calls, refunded_calls,
         prompt_tokens, completion_tokens, cost_nano_usd, unpriced_calls)
       select 'user:' || id, date_trunc('day', utc_now(), 'UTC'), id, 'key_1', 'personal', 1, 1, 1, 0, 1, 1, cost, 0
       from (values ('rich', 9000000000000000), ('rich', 9000000000000000), ('usual', 7)) as u (id, cost)`,
    );
    expect(await foldUsage(quota.db, 100)).toBe(3);
    const { rows } = await quota.db.raw<{ rows: { payload: string }[] }>("select payload from outbox");
    const sums = rows.flatMap(({ payload }) => usageSummed.schema.parse(JSON.parse(payload)).sums);
    expect(sums.map(({ userId, calls, costNanoUsd }) => [userId, calls, costNanoUsd])).toEqual([
      ["rich", 2, Number.MAX_SAFE_INTEGER],
      ["usual", 1, 7],
    ]);
  });

  test("a completed row is final: the database refuses to change what was counted", async () => {
    await expect(quota.db.raw("update ledger set prompt_tokens = 1 where state = 'completed'")).rejects.toThrow(
      /is final/,
    );
  });

  test("are forgotten after their time, the oldest first and no others", async () => {
    await quota.db.raw(
      `insert into usage_rollup select 'user:old', g, date_trunc(g, utc_now() - make_interval(days => d), 'UTC'), 'old', 'key_1', 'personal', null, null,
         1, 1, 1, 0, 0, 0, 0, 0 from unnest(array['hour', 'day']) g, unnest(array[2, 99, 102, 103]) d`,
    );
    expect(await forgetUsage(quota.db, "hour", 100, 1)).toBe(1);
    expect(await forgetUsage(quota.db, "hour", 100, 10)).toBe(1);
    const left = async (grain: UsageGrain) => (await sumUsage(quota.db, query("user:old", grain), null, 10)).length;
    expect([await left("hour"), await left("day")]).toEqual([2, 4]);
  });
});

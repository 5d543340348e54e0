import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { usageSummed } from "@topdog/contracts/events/usage-summed";
import { addCosts } from "@topdog/billing/store/plan-costs";
import { listTenantSums, takeSums } from "@topdog/org-registry/store/daily-usage";
import { read } from "@topdog/org-registry/usecases/change";
import { createUsageComparison } from "@topdog/org-registry/usecases/compare-usage";
import { foldUsage, sumTenants } from "@topdog/quota/store/usage-rollups";
import { inTransaction } from "@topdog/postgres/transaction";
import { tellUsageAgain } from "@topdog/quota/usecases/keep-usage";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { callerOf, usageOf } from "@topdog/testing/usage";
import * as fc from "fast-check";
import { quotaOverDatabase } from "../support/quota-under-test.ts";

const runs = 15;
const calls = 12;
const owners = ["user:ann", "seat:acme:ann", "seat:acme:bob", "org:acme"];
const tenants = ["org:acme", "user:ann"];
const migrationsOf = (service: string): URL => new URL(`../../services/${service}/migrations/`, import.meta.url);

let quota: TestDatabase;
let registry: TestDatabase;
let billing: TestDatabase;
let today: string;
beforeAll(async () => {
  [quota, registry, billing] = await Promise.all([
    testDatabase({ migrations: migrationsOf("quota") }),
    testDatabase({ migrations: migrationsOf("org-registry") }),
    testDatabase({ migrations: migrationsOf("billing") }),
  ]);
  today = (await quota.db.raw<{ rows: { day: string }[] }>("select utc_today()::text as day")).rows[0]?.day ?? "";
});
afterAll(() => Promise.all([quota.drop(), registry.drop(), billing.drop()]));

async function begin(): Promise<ReadonlyMap<string, string>> {
  await quota.db.raw(
    "delete from ledger; delete from lease; delete from bucket; delete from usage_rollup; delete from usage_rollup_delta; delete from outbox",
  );
  await read(registry.db, "everyone", (trx) => trx.raw("delete from daily_usage"));
  await billing.db.raw("delete from usage_part; delete from plan_cost");
  await quota.db.raw(
    `insert into bucket (owner, meter, day, subscription_owner, plan, daily_limit, cap, escrow)
     select o, 'api_calls', utc_today(), o, 'teams', 300, 300, ? from unnest(?::text[]) o`,
    [calls, owners],
  );
  const { rows } = await quota.db.raw<{ rows: { owner: string; id: string }[] }>(
    `insert into lease (owner, meter, day, gateway_id, size, credit_window)
     select owner, meter, day, 'gateway-of-proof', ?, ? from bucket returning owner, lease_id::text as id`,
    [calls, calls],
  );
  return new Map(rows.map(({ owner, id }) => [owner, id]));
}

/** What quota told since the last time. */
async function toldEvents(): Promise<readonly SummedEvent[]> {
  const { rows } = await quota.db.raw<{ rows: { payload: string }[] }>(
    "with taken as (delete from outbox returning seq, payload) select payload from taken order by seq",
  );
  return rows.map(({ payload }) => usageSummed.schema.parse(JSON.parse(payload)));
}
type SummedEvent = ReturnType<typeof usageSummed.schema.parse>;

async function deliver({ version, sums }: SummedEvent): Promise<void> {
  await read(registry.db, "everyone", (trx) => takeSums(trx, version, sums));
  await inTransaction(billing.db, (trx) => addCosts(trx, version, sums));
}

const billedCosts = async () =>
  (
    await billing.db.raw<{ rows: unknown[] }>(
      "select coalesce(sum(calls), 0)::float8 as calls, coalesce(sum(cost_nano_usd), 0)::float8 as cost from plan_cost",
    )
  ).rows[0];

const call = fc.record({
  owner: fc.nat(owners.length - 1),
  seq: fc.integer({ min: 1, max: calls }),
  outcome: fc.constantFrom("ok" as const, "rejected" as const, "failed" as const, "interrupted" as const),
  provider: fc.constantFrom("sandbox-a", null),
  promptTokens: fc.nat(1_000),
  isPriced: fc.boolean(),
});

test("org-registry's days and billing's costs are quota's ledger, however they hear of its sums: in any order, again", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 5, maxLength: 40, size: "max" }), fc.nat(4), async (made, repeats) => {
      const leases = await begin();
      // A call ends once: whatever is told of it again is the same.
      const told = new Map<string, UsageConsumed>();
      for (const { owner: index, seq, outcome, provider, promptTokens, isPriced } of made) {
        const owner = owners[index] ?? "";
        const leaseId = leases.get(owner) ?? "";
        const details = {
          ...(owner === "org:acme" ? { userId: "bob", orgId: "acme", source: "org_pool" as const } : callerOf(owner)),
          day: today,
          outcome,
          provider,
          promptTokens,
          refund: outcome === "failed",
          ...(isPriced ? {} : { costUnknown: true as const, costNanoUsd: 0 }),
        };
        const key = `${leaseId}:${seq}`;
        if (!told.has(key)) told.set(key, usageOf([{ meter: "api_calls", leaseId, seq }], details));
      }
      const usages = [...told.values()];
      const batches = [usages.slice(0, repeats), usages, usages.toReversed().slice(repeats), usages.slice(-repeats)];
      const ledger = quotaOverDatabase(quota.db);
      const events: SummedEvent[] = [];
      for (const batch of batches) {
        if (batch.length > 0) expect(await ledger.recordUsage(batch)).toEqual([]);
        while ((await foldUsage(quota.db, repeats + 1)) > 0) events.push(...(await toldEvents()));
      }
      for (const event of [...events.toReversed(), ...events.slice(repeats)]) await deliver(event);
      const sums = await sumTenants(quota.db, today, tenants);
      expect(await read(registry.db, "everyone", (trx) => listTenantSums(trx, today, "", 100))).toEqual(sums);
      expect(await billedCosts()).toEqual({
        calls: sums.reduce((total, one) => total + one.calls + one.refundedCalls, 0),
        cost: sums.reduce((total, one) => total + one.costNanoUsd, 0),
      });
    }),
    { numRuns: runs },
  );
});

test("a difference that stays is found and named by a figure, one that both sides get over is not, and telling again mends it", async () => {
  const leases = await begin();
  const usageAt = (seq: number) =>
    usageOf([{ meter: "api_calls", leaseId: leases.get("user:ann") ?? "", seq }], {
      ...callerOf("user:ann"),
      day: today,
    });
  const found: number[] = [];
  const compare = createUsageComparison({
    db: registry.db,
    nowMs: Date.now,
    askLedger: (day, asked) => sumTenants(quota.db, day, asked),
    onCompared: (_compared, disagreeing) => void found.push(disagreeing),
  });
  const lookAtBothDays = async (): Promise<number | undefined> => {
    for (const _day of ["today", "yesterday"]) await compare();
    return found.at(-1);
  };
  const ledger = quotaOverDatabase(quota.db);
  await ledger.recordUsage([usageAt(1)]);
  await foldUsage(quota.db, 100);
  for (const event of await toldEvents()) await deliver(event);
  expect(await lookAtBothDays()).toBe(0);
  await ledger.recordUsage([usageAt(2)]);
  await foldUsage(quota.db, 100);
  // The bus lost it.
  await toldEvents();
  expect(await lookAtBothDays()).toBe(0);
  expect(await lookAtBothDays()).toBe(1);
  expect(await tellUsageAgain(quota.db, { from: today, to: today })).toBe(1);
  for (const event of await toldEvents()) await deliver(event);
  expect(await lookAtBothDays()).toBe(0);
  expect(await billedCosts()).toMatchObject({ calls: 2 });
});

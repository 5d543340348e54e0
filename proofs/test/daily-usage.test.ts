import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { UsageConsumed } from "@topdog/contracts/events/usage-consumed";
import { listTenantSums } from "@topdog/org-registry/store/daily-usage";
import { read } from "@topdog/org-registry/usecases/change";
import { countUsage } from "@topdog/org-registry/usecases/count-usage";
import { createUsageComparison } from "@topdog/org-registry/usecases/compare-usage";
import { foldUsage, sumTenants } from "@topdog/quota/store/usage-rollups";
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
let today: string;
beforeAll(async () => {
  [quota, registry] = await Promise.all([
    testDatabase({ migrations: migrationsOf("quota") }),
    testDatabase({ migrations: migrationsOf("org-registry") }),
  ]);
  today = (await quota.db.raw<{ rows: { day: string }[] }>("select utc_today()::text as day")).rows[0]?.day ?? "";
});
afterAll(() => Promise.all([quota.drop(), registry.drop()]));

async function begin(): Promise<ReadonlyMap<string, string>> {
  await quota.db.raw(
    "delete from ledger; delete from lease; delete from bucket; delete from usage_rollup; delete from usage_rollup_delta",
  );
  await read(registry.db, "everyone", (trx) => trx.raw("delete from daily_usage; delete from usage_counted"));
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

const call = fc.record({
  owner: fc.nat(owners.length - 1),
  seq: fc.integer({ min: 1, max: calls }),
  outcome: fc.constantFrom("ok" as const, "rejected" as const, "failed" as const, "interrupted" as const),
  provider: fc.constantFrom("sandbox-a", null),
  promptTokens: fc.nat(1_000),
  isPriced: fc.boolean(),
});

test("org-registry's daily usage is quota's ledger, however both hear of calls: in batches, in any order, again", async () => {
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
      for (const batch of batches) if (batch.length > 0) expect(await ledger.recordUsage(batch)).toEqual([]);
      for (const batch of batches.toReversed()) {
        if (batch.length > 0) await countUsage(registry.db, batch);
      }
      await foldUsage(quota.db, repeats);
      const counted = await read(registry.db, "everyone", (trx) => listTenantSums(trx, today, "", 100));
      expect(counted).toEqual(await sumTenants(quota.db, today, tenants));
    }),
    { numRuns: runs },
  );
});

test("a difference that stays is found and named by a figure, and one that both sides get over is not", async () => {
  const leases = await begin();
  const usage = usageOf([{ meter: "api_calls", leaseId: leases.get("user:ann") ?? "", seq: 1 }], {
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
  await countUsage(registry.db, [usage]);
  expect(await lookAtBothDays()).toBe(0);
  expect(await lookAtBothDays()).toBe(1);
  await quotaOverDatabase(quota.db).recordUsage([usage]);
  expect(await lookAtBothDays()).toBe(0);
});

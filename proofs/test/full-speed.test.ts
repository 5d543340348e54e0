import { expect, test } from "@jest/globals";
import type { Charge } from "@topdog/contracts/quota";
import {
  availabilityOf,
  type HeldLease,
  mergeGrant,
  newLease,
  reportOf,
  takeToken,
} from "@topdog/gateway/domain/lease";
import { createDatabase } from "@topdog/postgres/pool";
import { testDatabase } from "@topdog/testing/postgres";
import { migrations, quotaOverDatabase, type QuotaUnderTest } from "../support/quota-under-test.ts";
import { usageOf } from "../support/usage.ts";

const gateways = 8;
const limit = 800;
const owner = "user:hammered";
const want = 20;

const takeAll = (lease: HeldLease, today: string): Charge[] => {
  const charges: Charge[] = [];
  while (availabilityOf(lease, today) === "ready") charges.push(takeToken(lease));
  return charges;
};

/** One gateway that reports and takes until it hears that the day is spent. Every other time the usage record comes first, twice. */
async function hammer(quota: QuotaUnderTest, gatewayId: string): Promise<Charge[]> {
  const lease = newLease(owner, "api_calls");
  const taken: Charge[] = [];
  for (let order = 1; lease.status !== "exhausted"; order += 1) {
    const report = reportOf(lease, want);
    const { leases, day } = await quota.sync({ gatewayId, leases: [report] });
    for (const grant of leases) mergeGrant(lease, { order, report }, grant);
    const mine = takeAll(lease, day);
    taken.push(...mine);
    if (order % 2 === 0) continue;
    const usages = mine.map((charge) => usageOf(owner, [charge]));
    const rejected = await Promise.all([quota.recordUsage(usages), quota.recordUsage(usages.toReversed())]);
    expect(rejected).toEqual([[], []]);
  }
  return taken;
}

test("eight gateways on eight connections at full speed admit exactly the day's limit, and the ledger has every call once", async () => {
  const database = await testDatabase({ migrations });
  const databases = Array.from({ length: gateways }, (_, index) =>
    createDatabase({ url: database.url, applicationName: `hammer-${index}`, maxConnections: 2 }),
  );
  try {
    const setup = quotaOverDatabase(database.db);
    await setup.setPlan(owner, "pro", 1);
    const taken = await Promise.all(databases.map((db, index) => hammer(quotaOverDatabase(db), `gateway-${index}`)));
    const charges = taken.flat().map(({ leaseId, seq }) => `${leaseId}:${seq}`);
    expect(charges).toHaveLength(limit);
    const state = await setup.state();
    expect(state.charges.toSorted()).toEqual(charges.toSorted());
    expect(state.buckets).toMatchObject([{ settled: limit, escrow: 0 }]);
    expect(state.violations).toEqual([]);
  } finally {
    await Promise.all(databases.map((db) => db.destroy()));
    await database.drop();
  }
});

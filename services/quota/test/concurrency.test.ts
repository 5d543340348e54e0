import { expect, test } from "@jest/globals";
import type { Charge } from "@topdog/contracts/quota";
import { createDatabase } from "@topdog/postgres/pool";
import { createQuotaStore } from "../src/store/quota-store.ts";
import { createPresence } from "../src/usecases/gateway-presence.ts";
import { recordUsage } from "../src/usecases/record-usage.ts";
import { synchronizeLeases } from "../src/usecases/sync-leases.ts";
import { admitCall, mergeReply, modelGateway, requestOf } from "./model-gateway.ts";
import { quotaOnPostgres } from "./platform.ts";
import { usageOf } from "./usage.ts";

const gateways = 8;
const limit = 800;

test("eight gateways on eight connections at full speed admit exactly the day's limit, and the ledger has every call once", async () => {
  const quota = await quotaOnPostgres();
  const owner = "user:hammered";
  await quota.db.raw("insert into entitlement (owner, plan, seats, version) values (?, 'pro', 1, 1)", [owner]);
  const calls: Charge[][] = [];

  const hammer = async (index: number): Promise<void> => {
    const db = createDatabase({ url: quota.url, applicationName: `hammer-${index}`, maxConnections: 2 });
    const store = createQuotaStore(db);
    const deps = { ...quota.deps, store, presence: createPresence(store, () => performance.now()) };
    const gateway = modelGateway(`gateway-${index}`, owner, ["api_calls"]);
    let told = 0;
    try {
      for (;;) {
        const request = requestOf(gateway, 20);
        const reply = await synchronizeLeases(deps, request);
        mergeReply(gateway, request, reply);
        if (reply.leases[0]?.status === "exhausted") return;
        const mine: Charge[][] = [];
        for (let charges = admitCall(gateway); charges !== null; charges = admitCall(gateway)) mine.push(charges);
        calls.push(...mine);
        // Every other time the usage record wins against the report; and it is told twice.
        told += 1;
        if (told % 2 === 0 && mine.length > 0) {
          const usages = mine.map((charges) => usageOf(charges));
          const outcomes = await Promise.all([recordUsage(deps, usages, 0), recordUsage(deps, usages.toReversed(), 0)]);
          expect(outcomes.map(({ rejected }) => rejected.size)).toEqual([0, 0]);
        }
      }
    } finally {
      await db.destroy();
    }
  };
  try {
    await Promise.all(Array.from({ length: gateways }, (_, index) => hammer(index)));
    expect(calls).toHaveLength(limit);
    const { rows } = await quota.db.raw<{ rows: unknown[] }>("select settled, escrow from bucket");
    expect(rows).toEqual([{ settled: limit, escrow: 0 }]);
    const ledger = await quota.db.raw<{ rows: { id: string }[] }>("select lease_id || ':' || seq as id from ledger");
    expect(ledger.rows.map(({ id }) => id).toSorted()).toEqual(
      calls
        .flat()
        .map(({ leaseId, seq }) => `${leaseId}:${seq}`)
        .toSorted(),
    );
    expect(await quota.violations()).toEqual([]);
  } finally {
    await quota.drop();
  }
});

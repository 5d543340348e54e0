import { expect, test } from "@jest/globals";
import { callers, costs } from "../simulation/callers.ts";
import { createFleet } from "../support/fleet.ts";
import { emptyTables } from "../support/memory-tables.ts";
import { quotaInMemory } from "../support/quota-under-test.ts";
import { createSimulatedTime } from "../support/simulated-time.ts";

const noonMs = Date.parse("2026-11-22T12:00:00.000Z");
const betweenCallsMs = 400_000;
const calls = 60;

test("a caller with a call now and then has a lease for each gateway and meter, not one for each call, and holds nothing meanwhile", async () => {
  const tables = emptyTables();
  const time = createSimulatedTime(noonMs);
  const quota = quotaInMemory(time.nowMs, (signal) => fleet.deliver(signal), tables);
  const fleet = createFleet({
    time,
    quota: () => quota,
    size: 2,
    nextFate: () => "answered",
    isSignalLost: () => false,
  });
  for (let call = 0; call < calls; call += 1) {
    const gateway = fleet.gateways[call % 2];
    if (gateway === undefined) throw new Error("there is no gateway");
    fleet.call(gateway, callers.ann, costs.chat);
    await time.pass(betweenCallsMs);
  }
  expect(fleet.outcomes.get("admitted")).toBe(40);
  expect(tables.leases.size).toBeLessThanOrEqual(2 * 2);
  await time.pass(betweenCallsMs * 2);
  expect([...tables.buckets.values()].map(({ escrow }) => escrow)).toEqual([0, 0]);
  for (const gateway of fleet.gateways) gateway.isAlive = false;
});

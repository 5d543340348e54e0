import { expect, test } from "@jest/globals";
import { plans } from "@topdog/contracts/plans";
import * as fc from "fast-check";
import { createFleet } from "../support/fleet.ts";
import { callers, costs } from "../simulation/callers.ts";
import { quotaInMemory, type QuotaUnderTest } from "../support/quota-under-test.ts";
import { createSimulatedTime } from "../support/simulated-time.ts";

const noon = Date.parse("2026-11-22T12:00:00.000Z");
const tickMs = 50;
const enforcedWithinMs = 2_000;
const owner = "user:ann";
const least = plans.free.apiCallsPerDay;

/** A burst fills the leases; then calls that are few go on using them. */
const load = fc.record({
  burst: fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })),
  burstTicks: fc.integer({ min: 1, max: 120 }),
  quietTicks: fc.integer({ min: 1, max: 20 }),
});

test("a gateway that heard no signal enforces a lower plan within two seconds", async () => {
  await fc.assert(
    fc.asyncProperty(load, async ({ burst, burstTicks, quietTicks }) => {
      const time = createSimulatedTime(noon);
      const quota: QuotaUnderTest = quotaInMemory(time.nowMs, (signal) => fleet.deliver(signal));
      const fleet = createFleet({
        time,
        quota: () => quota,
        size: burst.length,
        nextFate: () => "answered",
        isSignalLost: () => true,
      });
      const serve = async (ticks: number, callsOf: (gateway: number, tick: number) => number): Promise<void> => {
        for (let tick = 0; tick < ticks; tick += 1) {
          fleet.gateways.forEach((gateway, index) => {
            for (let call = 0; call < callsOf(index, tick); call += 1) fleet.call(gateway, callers.ann, costs.models);
          });
          await time.pass(tickMs);
        }
      };
      const few = (_gateway: number, tick: number): number => (tick % quietTicks === 0 ? 1 : 0);
      await quota.setPlan(owner, "pro_plus", 1);
      await serve(burstTicks, (gateway) => burst[gateway] ?? 0);
      await quota.setPlan(owner, "free", 1);
      await serve(enforcedWithinMs / tickMs, few);
      const admitted = fleet.calls.length;
      await serve(100, few);
      expect(fleet.calls.length).toBeLessThanOrEqual(Math.max(least, admitted));
      for (const gateway of fleet.gateways) gateway.isAlive = false;
    }),
    { numRuns: 60 },
  );
});

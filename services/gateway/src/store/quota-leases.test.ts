import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { eventually } from "@topdog/testing/eventually";
import { processTimers } from "../clients/timers.ts";
import { availabilityOf, takeToken } from "../domain/lease.ts";
import { createQuotaLeases } from "./quota-leases.ts";

const day = "2026-11-22";
const nowMs = Date.parse(`${day}T12:00:00.000Z`);

/** Leases that are kept in step with a quota that grants whatever is wanted, and what it was told. */
function leasesOfAGenerousQuota() {
  const told: LeaseReport[] = [];
  const quota = { limit: 75 };
  const leases = createQuotaLeases({
    gatewayId: "gateway-1",
    // No time passes: however slow the machine, the recall is never long ago.
    monotonicMs: () => 0,
    timers: processTimers,
    maxBuckets: 10,
    onSync: () => undefined,
    onFailure: () => undefined,
    call: async ({ leases: reports }) => {
      told.push(...reports);
      await sleep(20);
      const shared = { leaseId: "7", state: "open", day, window: 4, remaining: 60, plan: "free" } as const;
      const grants = reports.map(({ owner, meter, member, used, returned, want }) => {
        const size = Math.max(5, used + returned + want);
        return { ...shared, ...quota, owner, meter, member, size, returned, reported: used, status: "ok" as const };
      });
      return { nowMs, day, leases: grants };
    },
  });
  return { leases, told, quota };
}

test("a lower limit in any answer gives every unused token back at once: the signal that told it may be lost", async () => {
  const { leases, told, quota } = leasesOfAGenerousQuota();
  const slot = leases.slot("user:a", "api_calls");
  leases.sync.request(slot);
  await eventually(() => expect(availabilityOf(slot.lease, day)).toBe("ready"));
  quota.limit = 40;
  takeToken(slot.lease);
  leases.sync.noteUse(slot);
  await eventually(() => expect(told).toContainEqual(expect.objectContaining({ leaseId: "7", used: 1, returned: 4 })));
});

test("a recall gives every unused token back at once, and the next call asks again", async () => {
  const { leases, told } = leasesOfAGenerousQuota();
  const slot = leases.slot("user:a", "api_calls");
  leases.sync.request(slot);
  await eventually(() => expect(availabilityOf(slot.lease, day)).toBe("ready"));
  takeToken(slot.lease);
  leases.recall({ owner: "user:a", meter: "api_calls", reason: "tail" });
  expect(availabilityOf(slot.lease, day)).toBe("empty");
  await eventually(() => expect(told.at(-1)).toMatchObject({ leaseId: "7", used: 1, returned: 4, want: 0 }));
});

test("a recall of an org's bucket reaches the leases of all its members", async () => {
  const { leases, told } = leasesOfAGenerousQuota();
  const slots = ["usr_1", "usr_2"].map((member) => leases.slot("org:o", "api_calls", member));
  for (const slot of slots) leases.sync.request(slot);
  await eventually(() => expect(slots.map(({ lease }) => availabilityOf(lease, day))).toEqual(["ready", "ready"]));
  leases.recall({ owner: "org:o", meter: "api_calls", reason: "tail" });
  await eventually(() => {
    for (const member of ["usr_1", "usr_2"])
      expect(told).toContainEqual(expect.objectContaining({ member, returned: 5 }));
  });
});

test("a recall that comes while a report is under way is reported once that is answered", async () => {
  const { leases, told } = leasesOfAGenerousQuota();
  const slot = leases.slot("user:a", "api_calls");
  leases.sync.request(slot);
  await eventually(() => expect(availabilityOf(slot.lease, day)).toBe("ready"));
  leases.sync.request(slot);
  await eventually(() => expect(slot.inFlight).toBe(true), { intervalMs: 0 });
  leases.recall({ owner: "user:a", meter: "api_calls", reason: "tail" });
  await eventually(() => expect(told.at(-1)).toMatchObject({ leaseId: "7", returned: 5 }));
});

test("a changed limit makes a spent bucket be asked about again", () => {
  const { leases } = leasesOfAGenerousQuota();
  const { lease } = leases.slot("user:b", "api_calls");
  Object.assign(lease, { status: "exhausted", adviceDay: day });
  expect(availabilityOf(lease, day)).toBe("exhausted");
  leases.recall({ owner: "user:b", meter: "api_calls", reason: "limit_changed" });
  expect(availabilityOf(lease, day)).toBe("empty");
});

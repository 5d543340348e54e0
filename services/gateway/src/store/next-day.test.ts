import { beforeEach, describe, expect, test } from "@jest/globals";
import type { LeaseReport } from "@topdog/contracts/rpc/sync-leases";
import { availabilityOf, takeToken } from "../domain/lease.ts";
import { createQuotaLeases, type QuotaLeases } from "./quota-leases.ts";

const [today, tomorrow] = ["2026-11-22", "2026-11-23"];
const midnightMs = Date.parse(`${tomorrow}T00:00:00.000Z`);
const owner = "user:a";

/** Before midnight, on the clock that this gateway and its quota share. */
let nowMs: number;
let told: LeaseReport[];
let leases: QuotaLeases;
let knowsDays: boolean;
/** While a message is under way. */
let meanwhile: () => void;
/** Timers run when their time has come and the test lets it pass. */
let timers: { atMs: number; work: () => void }[];

async function pass(ms: number): Promise<void> {
  const endMs = nowMs + ms;
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const next = timers.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined || next.atMs > endMs) break;
    timers.splice(timers.indexOf(next), 1);
    nowMs = Math.max(nowMs, next.atMs);
    next.work();
  }
  nowMs = endMs;
}

beforeEach(() => {
  nowMs = midnightMs - 90_000;
  [told, timers, knowsDays, meanwhile] = [[], [], true, () => undefined];
  const sizes = new Map<string, number>();
  const after = (delayMs: number, work: () => void): (() => void) => {
    const timer = { atMs: nowMs + delayMs, work };
    timers.push(timer);
    return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
  };
  leases = createQuotaLeases({
    gatewayId: "gateway-1",
    monotonicMs: () => nowMs,
    timers: { after, soon: (work) => void after(0, work) },
    maxBuckets: 10,
    onSync: () => undefined,
    onFailure: () => undefined,
    // Grants whatever is wanted: lease 7 of today, lease 8 of tomorrow.
    call: async ({ leases: reports }) => {
      told.push(...reports);
      meanwhile();
      const day = nowMs < midnightMs ? today : tomorrow;
      const grants = reports.map(({ owner: of, meter, leaseId, forDay, used, returned, want, close }) => {
        const isAhead = knowsDays && (leaseId === "8" || (leaseId === null && forDay === tomorrow));
        const id = isAhead ? "8" : "7";
        const size = Math.max(sizes.get(id) ?? 0, used + returned + Math.max(want, 0) + 5);
        sizes.set(id, size);
        const state = close ? ("closed" as const) : ("open" as const);
        const numbers = { size, returned, reported: used, window: 4, limit: 75, remaining: 60 };
        const lease = { leaseId: id, day: isAhead ? tomorrow : day, plan: "free" as const };
        return { owner: of, meter, ...lease, ...numbers, state, status: "ok" as const };
      });
      return { nowMs, day, leases: grants };
    },
  });
  leases.sync.start();
});

const slot = () => leases.slot(owner, "api_calls");
async function call(): Promise<void> {
  if (availabilityOf(slot().lease, leases.clock.today) !== "ready") leases.sync.request(slot());
  await pass(10);
  takeToken(slot().lease);
  leases.sync.noteUse(slot());
  await pass(10);
}
const asked = (): LeaseReport[] => told.filter(({ forDay }) => forDay === tomorrow);

describe("a gateway whose caller makes calls shortly before midnight", () => {
  test("asks once for a lease of the next day, and takes its first token of it without a message", async () => {
    await call();
    expect(asked()).toEqual([]);
    await pass(76_000);
    await call();
    await call();
    expect(asked()).toMatchObject([{ owner, leaseId: null, forDay: tomorrow }]);
    await pass(midnightMs - nowMs - 1);
    expect(slot().lease.leaseId).toBe("7");
    nowMs += 2;
    const before = told.length;
    expect(availabilityOf(slot().lease, tomorrow)).toBe("ready");
    expect([slot().lease.leaseId, takeToken(slot().lease), told.length]).toEqual([
      "8",
      { meter: "api_calls", leaseId: "8", seq: 1 },
      before,
    ]);
    leases.sync.noteUse(slot());
    await pass(300);
    // The lease of the day before ends with all that was taken of it.
    expect(told).toContainEqual(expect.objectContaining({ leaseId: "7", used: 3, close: true }));
    expect(told).toContainEqual(expect.objectContaining({ leaseId: "8", used: 1, close: false }));
    expect(leases.heldLeases()).toBe(1);
  });

  test("ends its lease of the day before with its first call of the new one, however long the upkeep takes to come to it", async () => {
    await pass(76_000);
    await call();
    await pass(midnightMs - nowMs - 1);
    nowMs += 2;
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    expect(slot().lease.leaseId).toBe("8");
    await pass(1);
    expect(told.filter(({ close }) => close)).toMatchObject([{ leaseId: "7", used: 1 }]);
  });

  test.each([
    ["with the day's first call", true],
    ["with the day, before its first call", false],
  ])(
    "asks for no lease in a place that another takes %s: both would be given the same one, and take the same tokens",
    async (_when, isCalled) => {
      await pass(76_000);
      await call();
      const before = slot();
      await pass(midnightMs - nowMs - 1);
      nowMs += 2;
      if (isCalled) expect(slot()).not.toBe(before);
      meanwhile = () => {
        meanwhile = () => undefined;
        leases.sync.request(before);
      };
      await pass(1);
      leases.sync.request(before);
      await pass(300);
      expect(told.filter(({ leaseId, forDay }) => leaseId === null && forDay === tomorrow)).toHaveLength(1);
      expect([before.lease.leaseId, slot().lease.leaseId, leases.heldLeases()]).toEqual([null, "8", 1]);
    },
  );

  test("gives its tokens of the next day back when the plan changes, and not when today's are short", async () => {
    await pass(76_000);
    await call();
    leases.recall({ owner, meter: "api_calls", reason: "tail" });
    await pass(10);
    expect(told.filter(({ leaseId }) => leaseId === "8")).toEqual([]);
    leases.recall({ owner, meter: "api_calls", reason: "limit_changed" });
    await pass(10);
    expect(told.filter(({ leaseId }) => leaseId === "8")).toMatchObject([{ used: 0, close: false }]);
    expect(told.findLast(({ leaseId }) => leaseId === "8")?.returned).toBeGreaterThan(0);
  });

  test("gives them back for others once their day has come, also before its first call", async () => {
    await pass(76_000);
    await call();
    await pass(midnightMs - nowMs + 1);
    leases.recall({ owner, meter: "api_calls", reason: "tail" });
    await pass(10);
    const [given] = told.filter(({ leaseId }) => leaseId === "8");
    expect([given?.used, (given?.returned ?? 0) > 0]).toEqual([0, true]);
  });

  test("takes nothing from a quota that knows only its own day, and does not ask it again and again", async () => {
    knowsDays = false;
    await pass(76_000);
    for (let calls = 0; calls < 3; calls += 1) await call();
    expect(asked()).toHaveLength(1);
    expect(slot().lease.leaseId).toBe("7");
    expect(leases.heldLeases()).toBe(1);
  });
});

test("a caller who makes no call in the day's last minute gets no lease of the next day", async () => {
  await call();
  await pass(midnightMs - nowMs + 1_000);
  expect(asked()).toEqual([]);
});

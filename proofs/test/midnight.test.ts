import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { newLease, reportOf } from "@topdog/gateway/domain/lease";
import { openLeaseJournal, readLastWords } from "@topdog/gateway/store/lease-journal";
import { admitCall, type Admission } from "@topdog/gateway/usecases/admit-call";
import { tellLastWords } from "@topdog/gateway/usecases/tell-last-words";
import { callers, costs } from "../simulation/callers.ts";
import type { History } from "../simulation/history.ts";
import { stageInMemory } from "../simulation/stage.ts";
import { createWorld, type World } from "../simulation/world.ts";
import { emptyTables } from "../support/memory-tables.ts";
import { quotaInMemory } from "../support/quota-under-test.ts";

const beforeMidnightMs = 20_000;
const tickMs = 20;
/** What a clock that is off by one in a hundred may be wrong by between two answers, and a hop. */
const skewMs = 25;
const dayBefore = "2026-11-22";
const dayAfter = "2026-11-23";

const callEveryMs = 400;

interface Made {
  /** From the database's midnight, milliseconds. */
  readonly atMs: number;
  readonly admission: Promise<Admission>;
}

async function worldBeforeMidnight(seed: number): Promise<World> {
  const fleet = {
    gateways: 5,
    replicas: 2,
    beforeMidnightMs,
    isSubscribed: false,
    drawnBefore: null,
    isUsageHeld: true,
    steps: [],
  };
  const history: History = { seed, ...fleet };
  return createWorld(stageInMemory(), history);
}

/** One call at each gateway in each tick, `ms` long. */
async function callAround(world: World, startMs: number, ms: number): Promise<Made[]> {
  const made: Made[] = [];
  for (let passedMs = 0; passedMs < ms; passedMs += tickMs) {
    for (const { leases } of world.gateways) {
      const decided = admitCall(leases, callers.ann, costs.models, { isGone: false });
      const admission = Promise.resolve(decided);
      made.push({ atMs: world.time.nowMs() - startMs - beforeMidnightMs, admission: world.time.expect(admission) });
    }
    await world.time.pass(tickMs);
  }
  await world.time.pass(2_500);
  return made;
}

test.each([1, 2, 3])(
  "at midnight five gateways with clocks of their own refuse nothing that the new day allows and admit nothing that the old one does not: seed %i",
  async (seed) => {
    const world = await worldBeforeMidnight(seed);
    const { time, opened } = world;
    const startMs = time.nowMs();
    // The old day's 75 calls are spent at once.
    for (let round = 0; round < 30; round += 1) {
      for (const { leases } of world.gateways)
        void time.expect(Promise.resolve(admitCall(leases, callers.ann, costs.models, { isGone: false })));
      await time.pass(50);
    }
    await time.pass(beforeMidnightMs - 1_000 - (time.nowMs() - startMs));
    // One second before and a quarter of a second after: 65 calls that the new day has room for.
    const made = await callAround(world, startMs, 1_250);
    for (const { atMs, admission } of made) {
      const { outcome, ...rest } = await admission;
      const told = { atMs, outcome, day: "day" in rest ? rest.day : null };
      if (atMs < -skewMs) expect(told).toEqual({ atMs, outcome: "exhausted", day: null });
      if (atMs > skewMs) expect(told).toEqual({ atMs, outcome: "admitted", day: dayAfter });
    }
    const settled = [...opened.tables.buckets.values()].map(({ day, settled, escrow, limit }) => ({
      day,
      isWithin: settled + escrow <= limit,
    }));
    expect(settled).toEqual([
      { day: dayBefore, isWithin: true },
      { day: dayAfter, isWithin: true },
    ]);
    expect(world.broken).toBeNull();
    for (const { process } of [...world.gateways, ...world.replicas]) process.die();
  },
);

/** Calls of each gateway, over midnight; `isHeld`: it was decided without waiting for anybody. */
async function callOver(world: World, startMs: number, untilMs: number) {
  const made: { readonly atMs: number; readonly isHeld: boolean; readonly admission: Promise<Admission> }[] = [];
  while (world.time.nowMs() - startMs < untilMs) {
    const atMs = world.time.nowMs() - startMs - beforeMidnightMs;
    for (const { leases } of world.gateways) {
      const decided = admitCall(leases, callers.ann, costs.chat, { isGone: false });
      made.push({
        atMs,
        isHeld: !(decided instanceof Promise),
        admission: world.time.expect(Promise.resolve(decided)),
      });
    }
    await world.time.pass(callEveryMs);
  }
  await world.time.pass(3_000);
  return made;
}

const upgrade = {
  owner: "user:ann",
  version: 1,
  plan: "pro_plus",
  interval: "month",
  seats: 1,
  status: "active",
} as const;

test.each([
  ["with quota there", 0],
  ["with the bus away from half a second before it to a second after it", 1_500],
])(
  "whoever makes calls over midnight is served from the next day's lease, without a hop and without a 503, %s",
  async (_what, awayMs) => {
    for (const seed of [4, 5, 6]) {
      const world = await worldBeforeMidnight(seed);
      const { time, bus } = world;
      const startMs = time.nowMs();
      const [replica] = world.replicas;
      void replica?.applySubscription({ ...upgrade, changedAt: "2026-11-22T00:00:00.000Z" });
      await time.pass(50);
      if (awayMs > 0) {
        time.after(beforeMidnightMs - 500, () => {
          bus.awayUntilMs = time.nowMs() + awayMs;
        });
      }
      const made = await callOver(world, startMs, beforeMidnightMs + 1_500);
      for (const { atMs, isHeld, admission } of made.filter((one) => one.atMs > -3_000)) {
        const { outcome, ...rest } = await admission;
        const day = "day" in rest ? rest.day : null;
        const told = { seed, atMs, isHeld, outcome };
        expect(told).toEqual({ ...told, isHeld: true, outcome: "admitted" });
        if (atMs < -skewMs) expect(day).toBe(dayBefore);
        if (atMs > skewMs) expect(day).toBe(dayAfter);
      }
      expect(world.broken).toBeNull();
      for (const { process } of [...world.gateways, ...world.replicas]) process.die();
    }
  },
);

test("a gateway that dies before it hears of its leases of today and of tomorrow burns no window of either", async () => {
  const [dir, tables] = [mkdtempSync(join(tmpdir(), "topdog-midnight-")), emptyTables()];
  const nowMs = Date.parse(`${dayAfter}T00:00:00.000Z`) - beforeMidnightMs;
  const quota = quotaInMemory(
    () => nowMs,
    () => undefined,
    tables,
  );
  try {
    const journal = openLeaseJournal({
      dir,
      gatewayId: "gateway-before",
      bootId: "boot-1",
      onFailure: (error) => {
        throw error;
      },
    });
    const asked = [dayBefore, dayAfter].map((day) => ({ lease: newLease("user:ann", "api_calls"), day }));
    for (const { lease, day } of asked) journal.note(lease, day);
    await quota.sync({ gatewayId: "gateway-before", leases: asked.map(({ lease, day }) => reportOf(lease, 4, day)) });
    expect([...tables.leases.values()].map(({ day, state }) => [day, state])).toEqual([
      [dayBefore, "open"],
      [dayAfter, "open"],
    ]);
    const [words, { signal }] = [readLastWords(dir, "boot-1"), new AbortController()];
    await tellLastWords({ words, sync: quota.sync, signal, onTold: () => undefined });
    expect(
      [...tables.leases.values()].map(({ state, burned, returned, size }) => [state, burned, size - returned]),
    ).toEqual([
      ["closed", 0, 0],
      ["closed", 0, 0],
    ]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

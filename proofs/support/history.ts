import type { PlanId } from "@topdog/contracts/plans";
import * as fc from "fast-check";
import type { Fate } from "./network.ts";

export const fleetSize = 3;

const gateway = fc.nat({ max: fleetSize - 1 });
const caller = fc.constantFrom("ann" as const, "bob" as const);
const fates: readonly Fate[] = ["answered", "question lost", "answer lost", "asked twice", "slow", "very slow"];
const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: kind("calls"),
      gateway,
      caller,
      count: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 120 })),
      cost: fc.constantFrom("chat" as const, "models" as const),
    }),
  },
  // A tick, a hop, a report, a heartbeat, an idle lease, a gateway that is thought dead.
  { weight: 10, arbitrary: fc.record({ kind: kind("time passes"), ms: fc.constantFrom(1, 5, 30, 250, 1_100, 6_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("time passes"), ms: fc.constantFrom(12_000, 40_000, 610_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("network"),
      fates: fc.array(fc.constantFrom(...fates), { minLength: 1, maxLength: 6 }),
      signalsLost: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("usage"),
      pick: fc.nat(),
      count: fc.integer({ min: 1, max: 5 }),
      refund: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("crash"), gateway }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("cut off"), gateway, ms: fc.constantFrom(500, 3_000, 14_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("reconnect"), gateway }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("stop"), gateway }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: kind("plan"), caller, plan: fc.constantFrom<PlanId>("free", "pro", "teams") }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("open rows are given up") }) },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Begins shortly before midnight UTC, so that many histories see two days. */
export const history = fc.record({
  beforeMidnightMs: fc.integer({ min: 200, max: 60_000 }),
  steps: fc.array(step, { maxLength: 60, size: "max" }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { createHedgeBudget } from "./hedge-budget.ts";

test("second attempts never exceed their share of calls, nor what they cost theirs, in any order of events", () => {
  const share = fc.double({ min: 0.001, max: 1, noNaN: true });
  const event = fc.oneof(
    fc.constant({ kind: "call" } as const),
    fc.record({ kind: fc.constant("spent" as const), cost: fc.integer({ min: 0, max: 1_000_000 }) }),
    fc.record({ kind: fc.constant("take" as const), cost: fc.integer({ min: 0, max: 1_000_000 }) }),
  );
  fc.assert(
    fc.property(
      share,
      share,
      fc.array(event, { maxLength: 200, size: "max" }),
      (maxCallShare, maxCostShare, events) => {
        const budget = createHedgeBudget({ maxCallShare, maxCostShare });
        let [calls, spent, hedges, hedged] = [0, 0, 0, 0];
        for (const one of events) {
          if (one.kind === "call") {
            budget.called();
            calls += 1;
          } else if (one.kind === "spent") {
            budget.spent(one.cost);
            spent += one.cost;
          } else if (budget.take(one.cost)) {
            hedges += 1;
            hedged += one.cost;
          }
          // Sums of fractions are not exact.
          if (hedges > calls * maxCallShare + 1e-6) return false;
          if (hedged > spent * maxCostShare + 1e-3) return false;
        }
        return true;
      },
    ),
  );
});

test("what calls have earned is spent, and a long quiet time earns no storm", () => {
  const budget = createHedgeBudget({ maxCallShare: 0.1, maxCostShare: 0.1 });
  const taken = (): number => {
    let count = 0;
    while (budget.take(1000)) count += 1;
    return count;
  };
  for (let call = 0; call < 95; call += 1) {
    budget.called();
    budget.spent(10_000);
  }
  expect(taken()).toBe(9);
  for (let call = 0; call < 100_000; call += 1) {
    budget.called();
    budget.spent(10_000);
  }
  expect(taken()).toBe(20);
});

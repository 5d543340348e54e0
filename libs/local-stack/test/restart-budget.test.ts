import { expect, test } from "@jest/globals";
import { createRestartBudget, forgivenAfterMs } from "../src/restart-budget.ts";

test("a process is started again so often in a row, and as often again once it has run for a minute", () => {
  const clock = { nowMs: 0 };
  const budget = createRestartBudget(2, () => clock.nowMs);
  const endAfter = (ranMs: number): boolean => {
    budget.noteStart();
    clock.nowMs += ranMs;
    return budget.spend();
  };
  expect([endAfter(10), endAfter(10), endAfter(10)]).toEqual([true, true, false]);
  expect([endAfter(forgivenAfterMs), endAfter(10), endAfter(10)]).toEqual([true, true, false]);
});

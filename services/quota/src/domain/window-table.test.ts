import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { orgApiCallsPerDay, plans } from "@topdog/contracts/plans";
import { creditWindow } from "./grant.ts";

const runbook = readFileSync(new URL("../../../../docs/runbooks/bus-away.md", import.meta.url), "utf8");

test.each([
  ["free", 0],
  ["pro", 0],
  ["pro_plus", 0],
  ["teams", 3],
  ["enterprise", 10],
] as const)("the runbook states how many calls of %s are served without the bus", (id, seats) => {
  const plan = plans[id];
  const own = Math.min(creditWindow(plan.apiCallsPerDay), creditWindow(plan.llmRequestsPerDay));
  const [, stated = ""] = new RegExp(`\\| ${plan.name} \\| ([^|]*) \\|`).exec(runbook) ?? [];
  const numbers = [...stated.matchAll(/\d+/g)].map(([text]) => Number(text));
  const pool = seats === 0 ? [] : [creditWindow(orgApiCallsPerDay(plan, seats))];
  expect(numbers).toEqual([own, ...pool]);
});

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type UsageSum, usageSummed } from "@topdog/contracts/events/usage-summed";
import { publishEvent } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { setPlan } from "../src/usecases/set-plan.ts";
import { type Billing, startBilling } from "./start-billing.ts";

let billing: Billing;
beforeAll(async () => {
  billing = await startBilling();
});
afterAll(() => billing.stop());

const operator = sessionOf("usr_operator", { operator: true, secondFactorAt: new Date().toISOString() });
const path = "/api/billing/admin/stats";
const today = new Date().toISOString().slice(0, 10);
const sumOf = (calls: number, other: Partial<UsageSum> = {}): UsageSum => ({
  tenant: "user:usr_pays",
  day: today,
  userId: "usr_pays",
  calls,
  llmRequests: calls,
  refundedCalls: 0,
  promptTokens: 0,
  completionTokens: 0,
  costNanoUsd: 1_500 * calls,
  ...other,
});
const dayBefore = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

test("figures are for operators: no other person and no key sees them", async () => {
  expect((await billing.call("GET", path, sessionOf("usr_1"))).body["code"]).toBe("operator_required");
  expect((await billing.call("GET", path, { userId: "usr_1" })).body["code"]).toBe("session_required");
  expect((await billing.call("GET", path, null)).status).toBe(401);
  expect((await billing.call("GET", path, operator)).body).toMatchObject({ mrrMicroUsd: 0, byPlan: [] });
});

test("what a day's sums grow by is counted once, under the plan that its payer has then, however often and in whatever order they come", async () => {
  const payer = { owner: "user:usr_pays", interval: "month", seats: 1 } as const;
  await setPlan(billing.deps, { ...payer, plan: "pro" });
  const bus = await billing.nats.busOf("quota");
  let messages = 0;
  const tell = (version: number, ...sums: UsageSum[]) =>
    publishEvent(bus, usageSummed, { version, sums }, { id: `m${(messages += 1)}` });
  const usageIs = async (expected: unknown) =>
    eventually(async () => expect((await billing.call("GET", path, operator)).body["usage"]).toEqual(expected));
  const free = sumOf(1, { tenant: "user:usr_free", userId: "usr_free" });
  const org = sumOf(0, { tenant: "org:org_none", refundedCalls: 1, costNanoUsd: 1_500 });
  await tell(11, sumOf(2), free, org);
  await tell(10, sumOf(1), { ...free, calls: 9 });
  await tell(11, sumOf(2), free, org);
  // Counted by the release before, and longer ago than the bus keeps anything.
  await tell(12, sumOf(50, { day: dayBefore(1) }), sumOf(50, { day: dayBefore(40) }));
  await usageIs([
    { plan: "free", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
    { plan: "pro", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
  ]);
  await setPlan(billing.deps, { ...payer, plan: "pro_plus" });
  await tell(13, sumOf(4), free);
  await usageIs([
    { plan: "free", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
    { plan: "pro", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
    { plan: "pro_plus", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
  ]);
});

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { usageConsumed, type UsageConsumed } from "@topdog/contracts/events/usage-consumed";
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
const usage = (seq: number, other: Partial<UsageConsumed> = {}): UsageConsumed => ({
  ...usageConsumed.example,
  charges: [{ meter: "api_calls", leaseId: "9", seq }],
  day: new Date().toISOString().slice(0, 10),
  userId: "usr_pays",
  costNanoUsd: 1_500,
  ...other,
});

test("figures are for operators: no other person and no key sees them", async () => {
  expect((await billing.call("GET", path, sessionOf("usr_1"))).body["code"]).toBe("operator_required");
  expect((await billing.call("GET", path, { userId: "usr_1" })).body["code"]).toBe("session_required");
  expect((await billing.call("GET", path, null)).status).toBe(401);
  expect((await billing.call("GET", path, operator)).body).toMatchObject({ mrrMicroUsd: 0, byPlan: [] });
});

test("each call's cost is counted once, under the plan of who is charged, however often it is delivered", async () => {
  await setPlan(billing.deps, { owner: "user:usr_pays", plan: "pro", interval: "month", seats: 1 });
  const bus = await billing.nats.busOf("llm-router");
  const all = [
    usage(1),
    usage(2),
    usage(1),
    usage(3, { userId: "usr_free" }),
    usage(4, { orgId: "org_none" }),
    usage(2),
  ];
  for (const [index, one] of all.entries()) await publishEvent(bus, usageConsumed, one, { id: `delivery-${index}` });
  await eventually(async () => {
    const { body } = await billing.call("GET", path, operator);
    expect(body["usage"]).toEqual([
      { plan: "free", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
      { plan: "pro", calls: 2, costMicroUsd: 3, marginMicroUsd: -3 },
    ]);
  });
});

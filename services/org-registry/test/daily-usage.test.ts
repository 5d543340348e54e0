import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type UsageConsumed, usageConsumed, usageIdOf } from "@topdog/contracts/events/usage-consumed";
import { readyEvent } from "@topdog/messaging/event-batch";
import { publishBatch } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { usageOf } from "@topdog/testing/usage";
import { someOrg, someUser } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

let messages = 0;
async function tell(usages: readonly UsageConsumed[]): Promise<void> {
  const router = await registry.nats.busOf("llm-router");
  const events = usages.map((usage) => {
    const { finishedAt: time, traceparent } = usage;
    return readyEvent(usageConsumed, usage, { id: usageIdOf(usage), time, traceparent });
  });
  await publishBatch(router, usageConsumed, { id: `m${(messages += 1)}`, events });
}

test("an org's owner sees what it used on each day, each call once however often the bus tells of it", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
  const [member = ""] = members;
  const of = (seq: number, details: Partial<UsageConsumed>): UsageConsumed =>
    usageOf([{ meter: "api_calls", leaseId: "77", seq }], { orgId, userId: owner, day: "2026-11-20", ...details });
  const usages = [
    of(1, {}),
    of(2, { userId: member, costUnknown: true, costNanoUsd: 0 }),
    of(3, { refund: true, outcome: "failed" }),
    of(4, { outcome: "rejected", provider: null, promptTokens: 0, completionTokens: 0, costNanoUsd: 0 }),
    of(5, { day: "2026-11-22" }),
    of(6, { orgId: null }),
    of(7, { orgId: "org_other" }),
  ];
  await tell(usages);
  await tell(usages.toReversed());
  const path = `/api/orgs/${orgId}/usage/daily?from=2026-11-01&to=2026-11-30`;
  await eventually(async () => {
    expect((await registry.call("GET", path, sessionOf(owner))).body).toEqual({
      from: "2026-11-01",
      to: "2026-11-30",
      items: [
        {
          day: "2026-11-20",
          calls: 3,
          llmRequests: 2,
          refundedCalls: 1,
          promptTokens: 30,
          completionTokens: 60,
          costNanoUsd: 61_200,
          callers: 2,
        },
        expect.objectContaining({ day: "2026-11-22", calls: 1, callers: 1 }),
      ],
    });
  });
  expect((await registry.call("GET", path, sessionOf(member))).status).toBe(403);
  const stranger = sessionOf(await someUser(registry.deps));
  expect(await registry.call("GET", path, stranger)).toEqual(
    await registry.call("GET", path.replace(orgId, "org_missing"), stranger),
  );
  for (const range of ["from=2026-01-01&to=2026-11-30", "from=2026-11-02&to=2026-11-01", "from=today"]) {
    expect((await registry.call("GET", `/api/orgs/${orgId}/usage/daily?${range}`, sessionOf(owner))).status).toBe(400);
  }
});

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type UsageSum, usageSummed } from "@topdog/contracts/events/usage-summed";
import { publishEvent } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { someOrg, someUser } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

let messages = 0;
async function tell(version: number, sums: readonly UsageSum[]): Promise<void> {
  const quota = await registry.nats.busOf("quota");
  await publishEvent(quota, usageSummed, { version, sums: [...sums] }, { id: `m${(messages += 1)}` });
}

test("an org's owner sees what it used on each day, as quota told last, however often and in whatever order the bus tells", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
  const [member = ""] = members;
  const of = (calls: number, details: Partial<UsageSum> = {}): UsageSum => ({
    tenant: `org:${orgId}`,
    day: "2026-11-20",
    userId: owner,
    calls,
    llmRequests: 1,
    refundedCalls: 1,
    promptTokens: 10 * calls,
    completionTokens: 20 * calls,
    costNanoUsd: 30_600 * calls,
    ...details,
  });
  const ofMember = of(1, { userId: member, refundedCalls: 0, costNanoUsd: 0 });
  const others = [of(7, { tenant: `user:${owner}` }), of(8, { tenant: "org:org_other" })];
  await tell(20, [of(2), ofMember, ...others]);
  await tell(10, [of(1), { ...ofMember, calls: 5 }]);
  await tell(20, [of(2), ofMember]);
  await tell(21, [of(1, { day: "2026-11-22" })]);
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

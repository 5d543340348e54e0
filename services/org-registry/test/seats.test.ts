import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sessionOf } from "@topdog/testing/account-call";
import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { subscriptionUpdated } from "@topdog/contracts/events/subscription-updated";
import { publishEvent } from "@topdog/messaging/publish";
import { inTransaction } from "@topdog/postgres/transaction";
import { eventually } from "@topdog/testing/eventually";
import { findEntitlement } from "../src/store/entitlements.ts";
import { countActiveMembers, listMembers } from "../src/store/orgs.ts";
import { addMember } from "../src/usecases/add-member.ts";
import { applyEntitlement } from "../src/usecases/apply-entitlement.ts";
import { entitlement, someOrg, someUser } from "./arrange.ts";
import { type Registry, startRegistry, subscription } from "./start-registry.ts";

describe("seats", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  const activeOf = async (orgId: string): Promise<string[]> => {
    const members = await listMembers(registry.db, orgId, null, { after: null, limit: 100 });
    return members.filter((member) => member.active).map((member) => member.userId);
  };

  test("of 20 activations at once exactly as many succeed as seats are free", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 7 });
    const path = `/api/orgs/${orgId}/members`;
    const waiting: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const userId = await someUser(registry.deps);
      await addMember(registry.deps, orgId, { who: { userId }, role: "member", active: false });
      waiting.push(userId);
    }
    const answers = await Promise.all(
      waiting.map((userId) => registry.call("PATCH", `${path}/${userId}`, sessionOf(owner), { active: true })),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(6);
    expect(answers.filter((answer) => answer.body["code"] === "seats_exhausted")).toHaveLength(14);
    expect(await countActiveMembers(registry.db, orgId)).toBe(7);
  });

  test("activations racing a loss of seats never leave more active than paid for", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 9 });
    const users = [];
    for (let index = 0; index < 8; index += 1) users.push(await someUser(registry.deps));
    const additions = users.map((userId) =>
      addMember(registry.deps, orgId, { who: { userId }, role: "member", active: true }),
    );
    const loss = inTransaction(registry.db, (trx) =>
      applyEntitlement(trx, entitlement(`org:${orgId}`, 2, 4), new Date()),
    );
    // Activations after the loss find no free seat.
    const refusals = (await Promise.allSettled(additions)).filter((addition) => addition.status === "rejected");
    for (const { reason } of refusals) expect(reason).toMatchObject({ code: "seats_exhausted" });
    await loss;
    expect(await countActiveMembers(registry.db, orgId)).toBe(4);
    expect(await activeOf(orgId)).toContain(owner);
  });

  test("fewer paid seats are accepted: the newest members lose theirs, the owner never, and it is published", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 0, seats: 6 });
    expect(members).toEqual([]);
    const inOrder: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const userId = await someUser(registry.deps);
      await addMember(registry.deps, orgId, { who: { userId }, role: "member", active: true });
      inOrder.push(userId);
    }
    await publishEvent(await registry.nats.busOf("billing"), subscriptionUpdated, subscription(`org:${orgId}`, 2, 3), {
      id: `${orgId}-2`,
    });
    const kept = [owner, ...inOrder.slice(0, 2)].toSorted();
    await eventually(async () => expect(await activeOf(orgId)).toEqual(kept));

    const { rows } = await registry.db.raw<{ rows: { subject: string; payload: string }[] }>(
      "select subject, payload from outbox where payload like ? order by seq desc limit 4",
      [`%${orgId}%`],
    );
    const events = rows.map((row) => ({ subject: row.subject, ...(JSON.parse(row.payload) as object) }));
    expect(events[0]).toMatchObject({ subject: orgUpdated.subject, activeMembers: 3 });
    expect(events.slice(1)).toEqual(
      expect.arrayContaining(
        inOrder
          .slice(2)
          .map((userId) =>
            expect.objectContaining({ subject: memberChanged.subject, userId, active: false, version: 2 }),
          ),
      ),
    );
  });

  test("an org whose plan ends keeps its owner's seat alone", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 2, seats: 3 });
    await inTransaction(registry.db, (trx) =>
      applyEntitlement(trx, entitlement(`org:${orgId}`, 2, 1, "free"), new Date()),
    );
    expect(await activeOf(orgId)).toEqual([owner]);
  });

  test("subscription events shuffled and repeated end in the newest version", async () => {
    const { orgId } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const owner = `org:${orgId}`;
    for (const [index, version] of [3, 7, 2, 7, 5, 9, 9, 4, 8, 6].entries()) {
      const event = subscription(owner, version, 10 + version);
      await publishEvent(await registry.nats.busOf("billing"), subscriptionUpdated, event, { id: `${owner}-${index}` });
      await publishEvent(await registry.nats.busOf("billing"), subscriptionUpdated, event, { id: `${owner}-${index}` });
    }
    const marker = subscription("user:marker", 1, 1, "pro");
    await publishEvent(await registry.nats.busOf("billing"), subscriptionUpdated, marker, { id: `${owner}-end` });
    await eventually(async () => expect(await findEntitlement(registry.db, "user:marker")).not.toBeNull());
    await eventually(async () =>
      expect(await findEntitlement(registry.db, owner)).toMatchObject({ owner, version: 9, plan: "teams", seats: 19 }),
    );
  });
});

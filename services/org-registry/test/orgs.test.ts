import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { resolveStanding } from "@topdog/contracts/rpc/resolve-standing";
import { callRpc } from "@topdog/messaging/rpc";
import type { Transaction } from "@topdog/postgres/pool";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { lockOrg, updateMember } from "../src/store/orgs.ts";
import { addMember } from "../src/usecases/add-member.ts";
import { change } from "../src/usecases/change.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { removeMember } from "../src/usecases/remove-member.ts";
import { callerFor, signedIn, someOrg, someUser } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

describe("orgs and members", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  const announced = async (orgId: string, subject: string): Promise<Record<string, unknown>[]> => {
    const { rows } = await registry.db.raw<{ rows: { payload: string }[] }>(
      "select payload from outbox where subject = ? and payload like ? order by seq",
      [subject, `%${orgId}%`],
    );
    return rows.map((row) => JSON.parse(row.payload) as Record<string, unknown>);
  };

  test("a member sees the org, its plan and seats; a missing org and somebody else's are the same 404", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const [member = ""] = members;
    const view = await registry.call("GET", `/api/orgs/${orgId}`, { userId: member });
    expect(view.body).toMatchObject({
      id: orgId,
      name: "Acme",
      ownerUserId: owner,
      plan: "teams",
      seats: 3,
      activeMembers: 2,
      role: "member",
      active: true,
    });
    const mine = await registry.call("GET", "/api/orgs", { userId: member });
    expect(mine.body.items?.map((org) => org["id"])).toEqual([orgId]);

    const stranger = { userId: await someUser(registry.deps) };
    expect((await registry.call("GET", "/api/orgs", stranger)).body.items).toEqual([]);
    for (const tail of ["", "/members"]) {
      const foreign = await registry.call("GET", `/api/orgs/${orgId}${tail}`, stranger);
      const missing = await registry.call("GET", `/api/orgs/org_missing${tail}`, stranger);
      expect(foreign.status).toBe(404);
      expect({ ...foreign.body, instance: "" }).toEqual({ ...missing.body, instance: "" });
    }
    const change = { active: false };
    const path = `/api/orgs/${orgId}/members`;
    expect((await registry.call("PATCH", `${path}/${member}`, sessionOf(stranger.userId), change)).status).toBe(404);
    // The owner's key for another org is a stranger too.
    expect((await registry.call("GET", `/api/orgs/${orgId}`, { userId: owner, orgId: "org_2" })).status).toBe(404);
  });

  test("others are told of a member's role, seat and ceiling, and of a stranger the same as of an org that does not exist", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const [member = ""] = members;
    const bus = await registry.nats.busOf("quota");
    const standing = (userId: string, asked: string | null) =>
      callRpc(bus, resolveStanding, { userId, orgId: asked }, { timeoutMs: 30_000 });
    const own = { scope: "user", used: 0, capacity: 2 };
    const both = [own, { scope: "org", used: 0, capacity: 18 }];
    expect(await standing(owner, orgId)).toEqual({ member: { role: "owner", active: true }, byok: both });
    await changeMember(registry.deps, signedIn(owner), { orgId, userId: member }, { active: false });
    expect(await standing(member, orgId)).toEqual({ member: { role: "member", active: false }, byok: both });
    await changeMember(registry.deps, signedIn(owner), { orgId, userId: member }, { dailyCeiling: 12 });
    const ceiling = { limit: 12, version: expect.any(Number) };
    expect((await standing(member, orgId)).member).toEqual({ role: "member", active: false, ceiling });
    await removeMember(registry.deps, signedIn(owner), { orgId, userId: member }, undefined);
    const stranger = { member: null, byok: [own] };
    for (const asked of [orgId, "org_missing", null]) expect(await standing(member, asked)).toEqual(stranger);
  });

  test("an owner's request makes nobody a member, and gets the same answer whether the account exists or not", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const path = `/api/orgs/${orgId}/members`;
    const newcomer = await someUser(registry.deps);
    const ask = async (who: object) => {
      const { status, body } = await registry.call("POST", path, { userId: owner }, { ...who, role: "member" });
      return { status, body: { ...body, instance: "" } };
    };
    const answers = [await ask({ userId: newcomer }), await ask({ userId: "usr_nobody" })];
    answers.push(await ask({ email: `${newcomer}@example.test` }), await ask({ email: "nobody@example.test" }));
    expect(answers[0]).toMatchObject({ status: 405 });
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect((await registry.call("GET", path, { userId: owner })).body.items).toHaveLength(1);
  });

  test("an operator adds members by id or email with a seat; they are announced with versions and listed in pages", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const path = `/api/orgs/${orgId}/members`;
    const newcomer = await someUser(registry.deps);
    const add = (who: { userId: string } | { email: string }) =>
      addMember(registry.deps, orgId, { who, role: "admin", active: true });
    const added = await add({ userId: newcomer });
    expect(added).toMatchObject({ orgId, userId: newcomer, role: "admin", active: true, version: 1 });
    await expect(add({ email: added.email.toUpperCase() })).rejects.toMatchObject({ code: "conflict" });
    await expect(add({ email: "nobody@example.test" })).rejects.toMatchObject({ code: "not_found" });

    expect(await announced(orgId, memberChanged.subject)).toMatchObject([
      { userId: owner, role: "owner", active: true, version: 1 },
      { userId: newcomer, role: "admin", active: true, version: 1 },
    ]);
    expect(await announced(orgId, orgUpdated.subject)).toMatchObject([
      { version: 1, activeMembers: 1 },
      { version: 2, activeMembers: 2 },
    ]);

    const first = await registry.call("GET", `${path}?limit=1`, { userId: newcomer });
    const second = await registry.call("GET", `${path}?limit=1&cursor=${String(first.body["nextCursor"])}`, {
      userId: newcomer,
    });
    const ids = [first, second].flatMap((page) => page.body.items ?? []).map((item) => item["userId"]);
    expect(ids).toEqual([owner, newcomer].toSorted());
    expect(second.body["nextCursor"]).toBeNull();
  });

  test("a full org accepts new members without a seat only", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const path = `/api/orgs/${orgId}/members`;
    const userId = await someUser(registry.deps);
    const add = (active: boolean) => addMember(registry.deps, orgId, { who: { userId }, role: "member", active });
    await expect(add(true)).rejects.toMatchObject({ code: "seats_exhausted" });
    expect(await add(false)).toMatchObject({ active: false });
    const activation = await registry.call("PATCH", `${path}/${userId}`, sessionOf(owner), { active: true });
    expect(activation.status).toBe(409);
    expect(activation.body).toMatchObject({ code: "seats_exhausted", seats: 3, seatsTaken: 3 });
    expect((await registry.call("PATCH", `${path}/usr_missing`, sessionOf(owner), { active: true })).status).toBe(404);
  });

  test("members change nobody, admins only members, and nobody the owner", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 3, seats: 4 });
    const [admin = "", second = "", member = ""] = members;
    const owning = await callerFor(registry.deps, owner);
    for (const userId of [admin, second]) {
      await changeMember(registry.deps, owning, { orgId, userId }, { role: "admin" });
    }
    const patch = async (by: string, whom: string, body: unknown): Promise<number> =>
      (await registry.call("PATCH", `/api/orgs/${orgId}/members/${whom}`, sessionOf(by), body)).status;
    expect(await patch(member, second, { active: false })).toBe(403);
    expect(await patch(member, member, { role: "admin" })).toBe(403);
    expect(await patch(admin, second, { active: false })).toBe(403);
    expect(await patch(admin, member, { role: "admin" })).toBe(403);
    expect(await patch(admin, owner, { active: false })).toBe(403);
    expect(await patch(owner, owner, { active: false })).toBe(403);
    expect(await patch(owner, member, { role: "owner" })).toBe(400);
    expect(await patch(owner, member, {})).toBe(400);
    expect(await patch(admin, member, { active: false })).toBe(200);
    expect(await patch(admin, member, { role: "billing" })).toBe(403);
    expect(await patch(owner, second, { role: "billing", active: false })).toBe(200);
    expect(await patch(second, member, { active: true })).toBe(403);
    expect(await patch(admin, second, { role: "member" })).toBe(403);
    // Without a seat an admin may change nothing.
    expect(await patch(owner, admin, { active: false })).toBe(200);
    expect(await patch(admin, member, { active: true })).toBe(403);
  });

  test("a patch that changes nothing writes nothing", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const path = `/api/orgs/${orgId}/members/${members[0]}`;
    const before = (await announced(orgId, memberChanged.subject)).length;
    const answer = await registry.call("PATCH", path, sessionOf(owner), { active: true, role: "member" });
    expect([answer.status, answer.body["version"]]).toEqual([200, 1]);
    expect(await announced(orgId, memberChanged.subject)).toHaveLength(before);
  });

  test("a caller without the permission never waits for the org's lock: they are refused while others change it", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const [member = "", peer = ""] = members;
    const stranger = await someUser(registry.deps);
    const path = `/api/orgs/${orgId}/members/${peer}`;
    const deactivate = (userId: string) => registry.call("PATCH", path, sessionOf(userId), { active: false });
    await change(registry.deps, "everyone", async (trx) => {
      await lockOrg(trx, orgId);
      expect((await deactivate(stranger)).status).toBe(404);
      expect((await deactivate(member)).status).toBe(403);
    });
    expect((await deactivate(owner)).status).toBe(200);
  });

  test("a change is refused when its permission is lost while it waits for the lock", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const [admin = "", member = ""] = members;
    await changeMember(
      registry.deps,
      await callerFor(registry.deps, owner),
      { orgId, userId: admin },
      { role: "admin" },
    );
    let asked: Promise<Answer> | undefined;
    await change(registry.deps, "everyone", async (trx) => {
      await lockOrg(trx, orgId);
      asked = registry.call("PATCH", `/api/orgs/${orgId}/members/${member}`, sessionOf(admin), { active: false });
      await waitsForLock(trx);
      await updateMember(trx, { orgId, userId: admin, role: "member", active: true, dailyCeiling: null }, new Date());
    });
    expect((await asked)?.status).toBe(403);
  });

  /** Until another session waits for a lock of this database. */
  const waitsForLock = (trx: Transaction): Promise<void> =>
    eventually(async () => {
      const { rows } = await trx.raw<{ rows: unknown[] }>(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      expect(rows).toHaveLength(1);
    });
});

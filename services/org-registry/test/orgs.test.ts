import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { changeMember } from "../src/usecases/change-member.ts";
import { someOrg, someUser } from "./arrange.ts";
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
    expect((await registry.call("PATCH", `${path}/${member}`, stranger, change)).status).toBe(404);
    const addition = { userId: stranger.userId, role: "member" };
    expect((await registry.call("POST", path, stranger, addition)).status).toBe(404);
    // The owner's key for another org is a stranger too.
    expect((await registry.call("GET", `/api/orgs/${orgId}`, { userId: owner, orgId: "org_2" })).status).toBe(404);
  });

  test("members are added by id or email with a seat, announced with versions, and listed in pages", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
    const path = `/api/orgs/${orgId}/members`;
    const newcomer = await someUser(registry.deps);
    const added = await registry.call("POST", path, { userId: owner }, { userId: newcomer, role: "admin" });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ orgId, userId: newcomer, role: "admin", active: true, version: 1 });
    const email = String(added.body["email"]).toUpperCase();
    const again = await registry.call("POST", path, { userId: owner }, { email, role: "member" });
    expect([again.status, again.body["code"]]).toEqual([409, "conflict"]);
    const nobody = { email: "nobody@example.test", role: "member" };
    expect((await registry.call("POST", path, { userId: owner }, nobody)).status).toBe(404);

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

  test("a full org takes members without a seat only", async () => {
    const { orgId, owner } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const path = `/api/orgs/${orgId}/members`;
    const userId = await someUser(registry.deps);
    const refused = await registry.call("POST", path, { userId: owner }, { userId, role: "member" });
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: "seats_exhausted", seats: 3, seatsTaken: 3 });
    const waiting = { userId, role: "member", active: false };
    expect((await registry.call("POST", path, { userId: owner }, waiting)).status).toBe(201);
    const activation = await registry.call("PATCH", `${path}/${userId}`, { userId: owner }, { active: true });
    expect([activation.status, activation.body["code"]]).toEqual([409, "seats_exhausted"]);
    expect((await registry.call("PATCH", `${path}/usr_missing`, { userId: owner }, { active: true })).status).toBe(404);
  });

  test("members change nobody, admins only members, and the owner stays", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 3, seats: 4 });
    const [admin = "", second = "", member = ""] = members;
    for (const userId of [admin, second]) {
      await changeMember(registry.deps, { userId: owner, orgId: null }, { orgId, userId }, { role: "admin" });
    }
    const patch = async (by: string, whom: string, body: unknown): Promise<number> =>
      (await registry.call("PATCH", `/api/orgs/${orgId}/members/${whom}`, { userId: by }, body)).status;
    expect(await patch(member, second, { active: false })).toBe(403);
    expect(await patch(member, member, { role: "admin" })).toBe(403);
    expect(await patch(admin, second, { active: false })).toBe(403);
    expect(await patch(admin, member, { role: "admin" })).toBe(403);
    expect(await patch(admin, owner, { active: false })).toBe(403);
    expect(await patch(owner, owner, { active: false })).toBe(403);
    expect(await patch(owner, member, { role: "owner" })).toBe(400);
    expect(await patch(owner, member, {})).toBe(400);
    expect(await patch(admin, member, { active: false })).toBe(200);
    expect(await patch(owner, second, { role: "member", active: false })).toBe(200);
    // Without a seat an admin runs nothing.
    expect(await patch(owner, admin, { active: false })).toBe(200);
    expect(await patch(admin, member, { active: true })).toBe(403);
    const additions = await registry.call(
      "POST",
      `/api/orgs/${orgId}/members`,
      { userId: member },
      {
        userId: await someUser(registry.deps),
        role: "member",
      },
    );
    expect(additions.status).toBe(403);
  });

  test("a patch that changes nothing writes nothing", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const path = `/api/orgs/${orgId}/members/${members[0]}`;
    const before = (await announced(orgId, memberChanged.subject)).length;
    const answer = await registry.call("PATCH", path, { userId: owner }, { active: true, role: "member" });
    expect([answer.status, answer.body["version"]]).toEqual([200, 1]);
    expect(await announced(orgId, memberChanged.subject)).toHaveLength(before);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { memberChanged, orgUpdated } from "@topdog/contracts/events/org-events";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { callRpc } from "@topdog/messaging/rpc";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { deletionGraceMs, maxOrgsPerOwner, offerLifetimeMs } from "../src/domain/org.ts";
import { hashKey } from "../src/store/key-material.ts";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { addMember } from "../src/usecases/add-member.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createKey, createKeyAsOperator } from "../src/usecases/create-key.ts";
import { completeDeletions } from "../src/usecases/delete-org.ts";
import { getOrg } from "../src/usecases/read-orgs.ts";
import { acceptOwnership, offerOwnership } from "../src/usecases/transfer-ownership.ts";
import { someOrg, someUser, signedIn } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

describe("the life of an org", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  const ask = async (method: string, path: string, userId: string, body?: unknown): Promise<Answer> =>
    registry.call(method, path, sessionOf(userId), body);
  const statusOf = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).status;
  const orgKeyOf = async (userId: string, orgId: string): Promise<string> =>
    (await createKeyAsOperator(registry.deps, { userId, orgId, name: "ci" })).key;
  const works = async (key: string): Promise<boolean> => {
    const question = { keyHash: hashKey(key) };
    const bus = await registry.nats.busOf("gateway");
    return (await callRpc(bus, resolvePrincipal, question, { timeoutMs: 30_000 })).principal !== null;
  };
  const announced = async (orgId: string, subject: string): Promise<Record<string, unknown>[]> => {
    const { rows } = await registry.db.raw<{ rows: { payload: string }[] }>(
      "select payload from outbox where subject = ? and payload::json ->> 'orgId' = ? order by seq",
      [subject, orgId],
    );
    return rows.map((row) => JSON.parse(row.payload) as Record<string, unknown>);
  };
  const isVerified = async (orgId: string): Promise<boolean> =>
    (await verifyAuditChain(registry.db, `org:${orgId}`)).brokenAtSeq === null;

  test("a person creates orgs, up to a bound that holds for 60 requests at once, and renames them", async () => {
    const userId = await someUser(registry.deps);
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => ask("POST", "/api/orgs", userId, { name: "A" })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(maxOrgsPerOwner);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(60 - maxOrgsPerOwner);
    const path = `/api/orgs/${String(answers.find(({ status }) => status === 201)?.body["id"])}`;
    expect((await ask("PATCH", path, userId, { name: "  Acme  " })).body).toMatchObject({ name: "Acme", version: 2 });
    expect((await ask("GET", path, userId)).body).toMatchObject({ name: "Acme", role: "owner", seats: 1 });
  });

  test("a name with control characters or too long is refused by the field's name", async () => {
    const userId = await someUser(registry.deps);
    for (const name of ["", " ", "a\u0000b", "a\nb", "a\u202eb", "x".repeat(101), 7, null]) {
      const answer = await ask("POST", "/api/orgs", userId, { name });
      expect([answer.status, answer.type]).toEqual([400, "application/problem+json"]);
      expect(answer.body["errors"]).toMatchObject([{ in: "body", path: "name" }]);
    }
  });

  test("a key never manages an org, and a session only after a recent proof of who it is", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const path = `/api/orgs/${orgId}/members/${members[0]}`;
    const byKey = await registry.call("DELETE", path, { userId: owner });
    expect([byKey.status, byKey.body["code"]]).toEqual([403, "session_required"]);
    const old = sessionOf(owner, { authenticatedAt: new Date(Date.now() - 16 * 60_000).toISOString() });
    const byOldSession = await registry.call("DELETE", path, old);
    expect([byOldSession.status, byOldSession.body["code"]]).toEqual([403, "reauthentication_required"]);
  });

  test("who is removed, or leaves, is no member any more, and all their keys of this org alone are revoked", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
    for (const [userId, by] of [
      [members[0] ?? "", owner],
      [members[1] ?? "", members[1] ?? ""],
    ] as const) {
      const inOrg = await orgKeyOf(userId, orgId);
      const made = await createKey(registry.deps, signedIn(userId), { name: "made", orgId });
      const personal = await createKeyAsOperator(registry.deps, { userId, orgId: null, name: "own" });
      expect(await works(inOrg)).toBe(true);
      expect(await statusOf("DELETE", `/api/orgs/${orgId}/members/${userId}?reason=moved+on`, by)).toBe(204);
      expect(await Promise.all([inOrg, made.key, personal.key].map(works))).toEqual([false, false, true]);
      expect((await announced(orgId, apiKeyRevoked.subject)).filter((one) => one["userId"] === userId)).toHaveLength(2);
      expect((await announced(orgId, memberChanged.subject)).at(-1)).toMatchObject({
        userId,
        active: false,
        removed: true,
      });
      expect(await statusOf("GET", `/api/orgs/${orgId}`, userId)).toBe(404);
    }
    const listed = await ask("GET", `/api/orgs/${orgId}/members`, owner);
    expect(listed.body.items?.map((one) => one["userId"])).toEqual([owner]);
    expect(await isVerified(orgId)).toBe(true);
  });

  test("who comes back has a higher version, and none of the keys of before", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const [userId = ""] = members;
    const key = await orgKeyOf(userId, orgId);
    await ask("DELETE", `/api/orgs/${orgId}/members/${userId}`, owner);
    const back = await addMember(registry.deps, orgId, { who: { userId }, role: "member", active: true });
    expect(back.version).toBe(3);
    expect(await works(key)).toBe(false);
    expect(await works(await orgKeyOf(userId, orgId))).toBe(true);
  });

  test("no key that is made while its holder is removed outlives the membership", async () => {
    for (let round = 0; round < 8; round += 1) {
      const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
      const [userId = ""] = members;
      const caller = signedIn(userId);
      const making = Array.from({ length: 3 }, () => createKey(registry.deps, caller, { name: "race", orgId }));
      await Promise.allSettled([...making, ask("DELETE", `/api/orgs/${orgId}/members/${userId}`, owner)]);
      const { rows } = await registry.db.raw<{ rows: unknown[] }>(
        "select id from api_key where org_id = ? and user_id = ? and revoked_at is null",
        [orgId, userId],
      );
      expect(rows).toEqual([]);
    }
  });

  test("members remove nobody, admins members only, and the owner cannot leave", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 3, seats: 5 });
    const [admin = "", second = "", member = ""] = members;
    const owning = signedIn(owner);
    for (const userId of [admin, second])
      await changeMember(registry.deps, owning, { orgId, userId }, { role: "admin" });
    const remove = (by: string, whom: string) => statusOf("DELETE", `/api/orgs/${orgId}/members/${whom}`, by);
    expect(await remove(member, second)).toBe(403);
    expect(await remove(admin, second)).toBe(403);
    expect(await remove(admin, owner)).toBe(403);
    expect(await remove(owner, owner)).toBe(409);
    expect(await remove(owner, "usr_missing")).toBe(404);
    expect(await remove(admin, member)).toBe(204);
    expect(await remove(owner, second)).toBe(204);
  });

  test("a member without a seat sees that they have none, and nobody else's address", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const [userId = ""] = members;
    await changeMember(registry.deps, signedIn(owner), { orgId, userId }, { active: false });
    expect((await ask("GET", `/api/orgs/${orgId}`, userId)).body).toMatchObject({ active: false });
    const seen = await ask("GET", `/api/orgs/${orgId}/members`, userId);
    expect(seen.body.items).toMatchObject([{ userId, active: false }]);
  });

  test("an org changes hands when the member whom it is offered to accepts, and never has two owners or none", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const [heir = "", other = ""] = members;
    const path = `/api/orgs/${orgId}/ownership-offer`;
    expect(await statusOf("POST", path, heir, { userId: heir })).toBe(403);
    expect(await statusOf("POST", path, owner, { userId: owner })).toBe(404);
    expect(await statusOf("POST", `${path}/accept`, heir)).toBe(409);
    expect((await ask("POST", path, owner, { userId: heir })).body["offer"]).toMatchObject({ userId: heir });
    expect((await ask("GET", `/api/orgs/${orgId}`, owner)).body).toMatchObject({ role: "owner" });
    expect(await statusOf("POST", `${path}/accept`, other)).toBe(409);
    const accepted = await Promise.all(Array.from({ length: 10 }, () => statusOf("POST", `${path}/accept`, heir)));
    expect(accepted.filter((status) => status === 200)).toHaveLength(1);
    const { rows } = await registry.db.raw<{ rows: { user_id: string; role: string }[] }>(
      "select user_id, role from member where org_id = ? and role <> 'member' order by role",
      [orgId],
    );
    expect(rows).toEqual([
      { user_id: owner, role: "admin" },
      { user_id: heir, role: "owner" },
    ]);
    expect((await announced(orgId, orgUpdated.subject)).at(-1)).toMatchObject({ ownerUserId: heir });
    expect(await isVerified(orgId)).toBe(true);
  });

  test("an offer of ownership is declined, withdrawn, ends with the membership, and lapses", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
    const [heir = "", leaver = ""] = members;
    const path = `/api/orgs/${orgId}/ownership-offer`;
    const offer = (userId: string) => offerOwnership(registry.deps, signedIn(owner), orgId, userId);
    for (const by of [heir, owner]) {
      await offer(heir);
      expect(await statusOf("DELETE", path, leaver)).toBe(403);
      expect(await statusOf("DELETE", path, by)).toBe(204);
      expect(await statusOf("POST", `${path}/accept`, heir)).toBe(409);
    }
    expect(await statusOf("DELETE", path, owner)).toBe(409);
    await offer(leaver);
    await ask("DELETE", `/api/orgs/${orgId}/members/${leaver}`, leaver);
    expect((await ask("GET", `/api/orgs/${orgId}`, owner)).body["offer"]).toBeNull();
    await offer(heir);
    const later = { ...registry.deps, nowMs: () => Date.now() + offerLifetimeMs };
    await expect(acceptOwnership(later, signedIn(heir), orgId)).rejects.toMatchObject({ code: "conflict" });
    expect((await getOrg(registry.deps, signedIn(heir), orgId)).offer).toMatchObject({ userId: heir });
    expect((await getOrg(later, signedIn(heir), orgId)).offer).toBeNull();
  });

  test("a deleted org's keys are refused at once; its owner restores it, and they work again", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const [member = ""] = members;
    const key = await orgKeyOf(member, orgId);
    expect(await statusOf("DELETE", `/api/orgs/${orgId}`, member)).toBe(403);
    const deleted = await ask("DELETE", `/api/orgs/${orgId}`, owner);
    expect(deleted.status).toBe(200);
    expect(await works(key)).toBe(false);
    // Gateways drop what they know of the member's keys.
    expect((await announced(orgId, memberChanged.subject)).at(-1)).toMatchObject({ userId: member, version: 2 });
    for (const [method, path, body] of [
      ["PATCH", "", { name: "Other" }],
      ["DELETE", "", undefined],
      ["PATCH", `/members/${member}`, { active: false }],
      ["DELETE", `/members/${member}`, undefined],
      ["POST", "/ownership-offer", { userId: member }],
    ] as const) {
      const answer = await ask(method, `/api/orgs/${orgId}${path}`, owner, body);
      expect([method, path, answer.body["code"]]).toEqual([method, path, "org_being_deleted"]);
    }
    expect(await statusOf("POST", `/api/orgs/${orgId}/restore`, member)).toBe(403);
    expect((await ask("POST", `/api/orgs/${orgId}/restore`, owner)).body["deletionDueAt"]).toBeNull();
    expect(await works(key)).toBe(true);
    expect(await statusOf("POST", `/api/orgs/${orgId}/restore`, owner)).toBe(409);
  });

  test("when the grace is over the org is gone: for its members as if it had never been, with all its keys revoked", async () => {
    const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
    const key = await orgKeyOf(owner, orgId);
    await ask("DELETE", `/api/orgs/${orgId}?reason=merged`, owner);
    const at = (ms: number) => ({ ...registry.deps, nowMs: () => Date.now() + ms });
    const signal = new AbortController().signal;
    await completeDeletions(at(deletionGraceMs - 60_000), signal);
    expect(await statusOf("GET", `/api/orgs/${orgId}`, owner)).toBe(200);
    await Promise.all([1, 2, 3].map(() => completeDeletions(at(deletionGraceMs + 60_000), signal)));
    expect(await works(key)).toBe(false);
    const gone = await ask("GET", `/api/orgs/${orgId}`, owner);
    const missing = await ask("GET", "/api/orgs/org_missing", owner);
    expect({ ...gone.body, instance: "" }).toEqual({ ...missing.body, instance: "" });
    expect(await statusOf("POST", `/api/orgs/${orgId}/restore`, owner)).toBe(404);
    expect((await announced(orgId, orgUpdated.subject)).filter((one) => one["deleted"] === true)).toHaveLength(1);
    expect((await announced(orgId, memberChanged.subject)).filter((one) => one["removed"] === true)).toHaveLength(
      1 + members.length,
    );
    expect(await isVerified(orgId)).toBe(true);
    await eventually(async () => expect((await ask("GET", "/api/orgs", owner)).body.items).toEqual([]));
  });
});

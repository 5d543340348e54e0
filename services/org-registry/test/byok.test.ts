import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { credentialAdded, credentialRevoked } from "@topdog/contracts/events/credential-events";
import type { PlanId } from "@topdog/contracts/plans";
import { listCredentials } from "@topdog/contracts/rpc/list-credentials";
import { resolvePrincipal } from "@topdog/contracts/rpc/resolve-principal";
import { callRpc } from "@topdog/messaging/rpc";
import { onEventBroadcast } from "@topdog/messaging/signal";
import { inTransaction } from "@topdog/postgres/transaction";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { open } from "@topdog/vault/envelope";
import { applyEntitlement } from "../src/usecases/apply-entitlement.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createKeyAsOperator } from "../src/usecases/create-key.ts";
import { disableBlockedCredentials } from "../src/usecases/disable-blocked-credentials.ts";
import { callerFor, entitlement, someOrg, someUser } from "./arrange.ts";
import { type ByokRig, keyring, newKey, startByok } from "./byok-rig.ts";

interface StoredRow {
  id: string;
  tenant: string;
  added_by: string;
  provider: string;
  version: number;
  kid: string | null;
  wrapped: string | null;
  sealed: string | null;
  reason: string | null;
}

describe("BYOK", () => {
  let byok: ByokRig;
  beforeAll(async () => {
    byok = await startByok();
  });
  afterAll(() => byok.stop());

  const rowOf = async (id: unknown): Promise<StoredRow> => {
    const { rows } = await byok.db.raw<{ rows: StoredRow[] }>("select * from credential where id = ?", [String(id)]);
    return rows[0]!;
  };
  const openRow = async ({ kid, wrapped, sealed, ...row }: StoredRow): Promise<string> => {
    const envelope = { kid: kid ?? "", wrapped: wrapped ?? "", sealed: sealed ?? "" };
    return (await open(keyring, envelope, { ...row, owner: row.added_by })).reveal();
  };
  const sealedOf = async (tenant: string) =>
    callRpc(await byok.nats.busOf("llm-router"), listCredentials, { tenant, skip: 0 }, { timeoutMs: 30_000 });
  const principalOf = async (userId: string, orgId: string | null = null) => {
    const { key } = await createKeyAsOperator(byok.deps, { userId, orgId, name: "test" });
    const keyHash = createHash("sha256").update(key).digest("hex");
    return (await callRpc(await byok.nats.busOf("gateway"), resolvePrincipal, { keyHash }, { timeoutMs: 30_000 }))
      .principal;
  };
  const plan = (owner: string, version: number, id: PlanId, seats = 1) =>
    inTransaction(byok.db, (trx) => applyEntitlement(trx, entitlement(owner, version, seats, id), new Date()));

  test("a credential is checked, sealed and listed, and its key is seen nowhere again", async () => {
    const userId = await someUser(byok.deps);
    const heard: string[] = [];
    const router = await byok.nats.busOf("llm-router");
    const stop = onEventBroadcast(router, credentialAdded, ({ credentialId }) => heard.push(credentialId));
    await router.nc.flush();
    const key = newKey();
    const added = await byok.add(userId, key, { label: " my key " });
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({
      provider: "openai",
      label: "my key",
      lastFour: "6789",
      status: "valid",
      state: "active",
      order: 1,
      version: 1,
      orgId: null,
    });
    expect(await openRow(await rowOf(added.body["id"]))).toBe(key);
    const listed = await byok.as(userId, "GET", "/api/byok");
    expect(listed.body).toMatchObject({ scope: "user", used: 1, capacity: 2, fallback: false, items: [added.body] });
    await eventually(() => expect(heard).toContain(added.body["id"]));
    stop();
    const stored = JSON.stringify(
      (
        await byok.db.raw<{ rows: unknown[] }>(
          "select c::text, (select json_agg(a)::text from audit_log a), (select json_agg(o)::text from outbox o) from credential c",
        )
      ).rows,
    );
    expect(JSON.stringify([added.body, listed.body, stored])).not.toContain(key);
    expect(await principalOf(userId)).toMatchObject({
      byok: { scope: "user", used: 1, capacity: 2, tenants: [`user:${userId}`] },
    });
  });

  test("a key that the provider refuses is stored as invalid; an unknown provider and bad input are refused by name", async () => {
    const userId = await someUser(byok.deps);
    expect((await byok.add(userId, newKey("bad"))).body["status"]).toBe("invalid");
    const cases: [object, string][] = [
      [{ provider: "nobody" }, "provider"],
      [{ provider: "Open AI" }, "provider"],
      [{ key: "short" }, "key"],
      [{ key: "sk-with space-0123456789" }, "key"],
      [{ key: `sk-${"x".repeat(5000)}` }, "key"],
      [{ label: "a\nb" }, "label"],
      [{ extra: 1 }, "extra"],
    ];
    for (const [wrong, name] of cases) {
      const key = newKey();
      const answer = await byok.add(userId, key, wrong);
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(name)]);
      expect(JSON.stringify(answer.body)).not.toMatch(/sk-canary|sk-with|xxxx/);
    }
    expect((await byok.as(userId, "GET", "/api/byok")).body["used"]).toBe(1);
  });

  test("a row that is copied to another tenant, id or provider does not open", async () => {
    const [userId, thief] = [await someUser(byok.deps), await someUser(byok.deps)];
    const mine = (await byok.add(userId, newKey())).body["id"];
    const theirs = (await byok.add(thief, newKey())).body["id"];
    await byok.db.raw(
      "update credential t set kid = m.kid, wrapped = m.wrapped, sealed = m.sealed from credential m where t.id = ? and m.id = ?",
      [String(theirs), String(mine)],
    );
    await expect(rowOf(theirs).then(openRow)).rejects.toMatchObject({ failure: "not_authentic" });
    await byok.db.raw("update credential set tenant = ? where id = ?", [`user:${thief}`, String(mine)]);
    await expect(rowOf(mine).then(openRow)).rejects.toMatchObject({ failure: "not_authentic" });
  });

  test("20 additions at once end in exactly the allowed number, and the others are told what to do", async () => {
    const userId = await someUser(byok.deps);
    const answers = await Promise.all(Array.from({ length: 20 }, () => byok.add(userId, newKey())));
    const refused = answers.filter(({ status }) => status === 403);
    expect([answers.filter(({ status }) => status === 201).length, refused.length]).toEqual([2, 18]);
    expect(refused[0]!.body).toMatchObject({
      code: "byok_capacity_reached",
      scope: "user",
      used: 2,
      capacity: 2,
      plan: "free",
      detail: expect.stringMatching(/^2 of 2 slots are used: revoke one/),
    });
    expect((await byok.as(userId, "GET", "/api/byok")).body["used"]).toBe(2);
  });

  test("the same key is held once in a tenant, and its slot is free again after a revocation", async () => {
    const [userId, other] = [await someUser(byok.deps), await someUser(byok.deps)];
    const key = newKey();
    const { id } = (await byok.add(userId, key)).body;
    expect((await byok.add(userId, key)).body).toMatchObject({
      code: "conflict",
      detail: expect.stringMatching(/^key: /),
    });
    expect((await byok.add(other, key)).status).toBe(201);
    await byok.as(userId, "DELETE", `/api/byok/${String(id)}`, { reason: "again" });
    expect((await byok.add(userId, key)).status).toBe(201);
  });

  test("revoking shreds the envelope in the transaction of the audit row and the event", async () => {
    const userId = await someUser(byok.deps);
    const revoked: string[] = [];
    const router = await byok.nats.busOf("llm-router");
    const stop = onEventBroadcast(router, credentialRevoked, ({ credentialId }) => revoked.push(credentialId));
    await router.nc.flush();
    const id = String((await byok.add(userId, newKey())).body["id"]);
    expect((await byok.as(userId, "DELETE", `/api/byok/${id}`)).status).toBe(400);
    expect((await byok.as(userId, "DELETE", `/api/byok/${id}`, { reason: "leaked" })).status).toBe(204);
    expect(await rowOf(id)).toMatchObject({ kid: null, wrapped: null, sealed: null, reason: "leaked" });
    await eventually(() => expect(revoked).toContain(id));
    stop();
    const { rows } = await byok.db.raw<{ rows: { actor: string; details: string }[] }>(
      "select actor, details from audit_log where target = ? order by seq",
      [id],
    );
    expect(rows[1]).toMatchObject({
      actor: `user:${userId} session:ses_of_caller`,
      details: expect.stringContaining("leaked"),
    });
    expect((await byok.as(userId, "DELETE", `/api/byok/${id}`, { reason: "twice" })).status).toBe(404);
    expect((await sealedOf(`user:${userId}`)).credentials).toEqual([]);
    expect((await principalOf(userId))?.byok).toEqual({ scope: "user", used: 0, capacity: 2 });
  });

  test("rotation replaces the secret in its place; of two at once one wins", async () => {
    const userId = await someUser(byok.deps);
    const id = String((await byok.add(userId, newKey("bad"), { label: "kept" })).body["id"]);
    const before = await rowOf(id);
    const keys = [newKey(), newKey()];
    const answers = await Promise.all(keys.map((key) => byok.as(userId, "POST", `/api/byok/${id}/rotate`, { key })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
    const won = answers.findIndex(({ status }) => status === 200);
    expect(answers[won]!.body).toMatchObject({ label: "kept", version: 2, status: "valid" });
    const after = await rowOf(id);
    expect(await openRow(after)).toBe(keys[won]);
    await expect(openRow({ ...before, version: 2 })).rejects.toMatchObject({ failure: "not_authentic" });
  });

  test("label, order, models and members can be changed, and routers are told in that order", async () => {
    const { orgId, owner, members } = await someOrg(byok.deps, { members: 1, seats: 3 });
    const first = String((await byok.add(owner, newKey(), { orgId })).body["id"]);
    const second = String((await byok.add(owner, newKey(), { orgId, label: "second" })).body["id"]);
    const order = async () => (await sealedOf(`org:${orgId}`)).credentials.map(({ id }) => id);
    expect(await order()).toEqual([first, second]);
    const patch = { label: "later", order: 9, allowedModels: ["gpt-5"], allowedMembers: [members[0]] };
    const patched = await byok.as(owner, "PATCH", `/api/byok/${first}`, patch);
    expect([patched.status, patched.body]).toEqual([200, expect.objectContaining(patch)]);
    expect(await order()).toEqual([second, first]);
    expect((await sealedOf(`org:${orgId}`)).credentials[1]).toMatchObject({
      allowedModels: ["gpt-5"],
      allowedMembers: [members[0]],
    });
    const own = String((await byok.add(owner, newKey())).body["id"]);
    const refused = await byok.as(owner, "PATCH", `/api/byok/${own}`, { allowedMembers: [owner] });
    expect(refused.body).toMatchObject({ code: "invalid_request", detail: expect.stringMatching(/^allowedMembers: /) });
    expect((await byok.as(owner, "PATCH", `/api/byok/${own}`, {})).status).toBe(400);
  });

  test("a credential is restricted from its first moment on, a personal one to models alone", async () => {
    const { orgId, owner, members } = await someOrg(byok.deps, { members: 1, seats: 3 });
    const restrictions = { allowedModels: ["gpt-5"], allowedMembers: [members[0]] };
    const added = await byok.add(owner, newKey(), { orgId, ...restrictions });
    expect([added.status, added.body]).toEqual([201, expect.objectContaining(restrictions)]);
    expect((await sealedOf(`org:${orgId}`)).credentials).toMatchObject([restrictions]);
    const own = await byok.add(owner, newKey(), { allowedModels: ["gpt-5"] });
    expect(own.body).toMatchObject({ allowedModels: ["gpt-5"], allowedMembers: null });
    const refused = await byok.add(owner, newKey(), { allowedMembers: [owner] });
    expect([refused.status, refused.body]).toEqual([
      400,
      expect.objectContaining({ detail: expect.stringMatching(/^allowedMembers: /) }),
    ]);
    expect((await byok.add(owner, newKey(), { orgId, allowedMembers: [] })).status).toBe(400);
  });

  test("only an org's owner and admins manage its pool; foreign, missing and revoked ones are the same 404", async () => {
    const { orgId, owner, members } = await someOrg(byok.deps, { members: 2, seats: 3 });
    const [admin = "", member = ""] = members;
    await changeMember(byok.deps, await callerFor(byok.deps, owner), { orgId, userId: admin }, { role: "admin" });
    const stranger = await someUser(byok.deps);
    const added = await byok.add(admin, newKey(), { orgId });
    expect(added.body).toMatchObject({ orgId, addedBy: admin });
    const path = `/api/byok/${String(added.body["id"])}`;
    expect((await byok.add(member, newKey(), { orgId })).status).toBe(403);
    expect((await byok.add(stranger, newKey(), { orgId })).status).toBe(404);
    expect((await byok.as(owner, "GET", `/api/byok?orgId=${orgId}`)).body).toMatchObject({
      scope: "org",
      used: 1,
      capacity: 18,
    });
    const missing = await byok.as(member, "DELETE", "/api/byok/cred_missing", { reason: "x" });
    for (const who of [member, stranger]) {
      expect(await byok.as(who, "DELETE", path, { reason: "x" })).toEqual(missing);
      expect((await byok.as(who, "PATCH", path, { label: "x" })).status).toBe(404);
      expect((await byok.as(who, "POST", `${path}/rotate`, { key: newKey() })).status).toBe(404);
    }
    expect((await principalOf(member, orgId))?.byok).toEqual({
      scope: "org",
      used: 1,
      capacity: 18,
      tenants: [`org:${orgId}`],
    });
  });

  test("an API key reads and never writes; a person must have proved who they are in the last 15 minutes", async () => {
    const userId = await someUser(byok.deps);
    const byKey = await callerFor(byok.deps, userId);
    const as = { userId, keyId: byKey.keyId ?? "" };
    expect((await byok.call("GET", "/api/byok", as)).status).toBe(200);
    const written = await byok.call("POST", "/api/byok", as, { provider: "openai", key: newKey() });
    expect([written.status, written.body["code"]]).toEqual([403, "session_required"]);
    const stale = sessionOf(userId, { authenticatedAt: new Date(Date.now() - 16 * 60_000).toISOString() });
    const refused = await byok.call("POST", "/api/byok", stale, { provider: "openai", key: newKey() });
    expect([refused.status, refused.body["code"]]).toEqual([403, "reauthentication_required"]);
  });

  test("calls stay off the platform's credential until their owner chooses otherwise", async () => {
    const userId = await someUser(byok.deps);
    expect((await sealedOf(`user:${userId}`)).fallback).toBe(false);
    expect((await byok.as(userId, "PUT", "/api/byok-settings", { fallback: true })).status).toBe(204);
    expect((await sealedOf(`user:${userId}`)).fallback).toBe(true);
    expect((await byok.as(userId, "GET", "/api/byok")).body["fallback"]).toBe(true);
  });

  test("a downgrade keeps and blocks, then disables the newest; an upgrade gives them back", async () => {
    const userId = await someUser(byok.deps);
    const owner = `user:${userId}`;
    await plan(owner, 1, "pro_plus");
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push(String((await byok.add(userId, newKey())).body["id"]));
    await plan(owner, 2, "free");
    const states = async () =>
      ((await byok.as(userId, "GET", "/api/byok")).body.items ?? []).map(({ state }) => state).toReversed();
    expect(await states()).toEqual(["active", "active", "blocked", "blocked"]);
    const usable = async () => (await sealedOf(owner)).credentials.filter(({ envelope }) => envelope !== null).length;
    expect(await usable()).toBe(4);
    expect((await byok.add(userId, newKey())).body).toMatchObject({ used: 4, capacity: 2 });

    const signal = new AbortController().signal;
    const dayMs = 86_400_000;
    expect(await disableBlockedCredentials(byok.deps, dayMs, signal)).toBe(0);
    const later = { ...byok.deps, nowMs: () => Date.now() + 2 * dayMs };
    expect(await disableBlockedCredentials(later, dayMs, signal)).toBe(2);
    expect([await states(), await usable()]).toEqual([["active", "active", "disabled", "disabled"], 2]);
    expect((await principalOf(userId))?.byok).toMatchObject({ used: 2, capacity: 2 });

    await byok.as(userId, "DELETE", `/api/byok/${ids[0]}`, { reason: "one less" });
    expect(await states()).toEqual(["active", "active", "disabled"]);
    await plan(owner, 3, "pro");
    expect([await states(), await usable()]).toEqual([["active", "active", "active"], 3]);
  });

  test.each<[PlanId, number, number]>([
    ["enterprise", 10, 54],
    ["med_teams", 5, 35],
    ["sci_enterprise", 10, 120],
    ["free", 1, 0],
  ])("an org on %s with %d seats has a pool of %d", async (id, seats, capacity) => {
    const { orgId, owner } = await someOrg(byok.deps, { members: 0, seats: 3 });
    await plan(`org:${orgId}`, 2, id, seats);
    expect((await byok.as(owner, "GET", `/api/byok?orgId=${orgId}`)).body).toMatchObject({ capacity, scope: "org" });
    if (capacity > 0) return;
    expect((await byok.add(owner, newKey(), { orgId })).body["detail"]).toMatch(/has no slots for an org's/);
  });
});

import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKeyChanged, apiKeyRevoked } from "@topdog/contracts/events/api-key-events";
import { sessionOf, type Answer } from "@topdog/testing/account-call";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { hashKey } from "../src/store/key-material.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { deleteOrg, completeDeletions, restoreOrg } from "../src/usecases/delete-org.ts";
import { acceptOwnership, offerOwnership } from "../src/usecases/transfer-ownership.ts";
import { resolvePrincipalOf } from "../src/usecases/resolve-principal.ts";
import { signedIn, someOrg } from "./arrange.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.stop());

const ask = (userId: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  registry.call(method, path, sessionOf(userId), body);
const principalOf = (key: string) => resolvePrincipalOf(registry.deps, hashKey(key));

async function someAccount(by: string, orgId: string): Promise<{ id: string; keyId: string; key: string }> {
  const made = await ask(by, "POST", `/api/orgs/${orgId}/service-accounts`, { name: "ci" });
  expect([made.status, made.body]).toMatchObject([201, { name: "ci", orgId, createdBy: by }]);
  const id = String(made.body["id"]);
  const { status, body } = await ask(by, "POST", "/api/keys", { name: "runner", orgId, serviceAccountId: id });
  expect([status, body]).toMatchObject([201, { userId: id, serviceAccountId: id, orgId, scopes: ["llm"] }]);
  return { id, keyId: String(body["id"]), key: String(body["key"]) };
}

/** What gateways were told about a key. */
const told = async (keyId: string): Promise<string[]> => {
  const { rows } = await registry.db.raw<{ rows: { subject: string }[] }>(
    "select subject from outbox where payload like ? and subject in (?, ?) order by seq",
    [`%${keyId}%`, apiKeyChanged.subject, apiKeyRevoked.subject],
  );
  return rows.map(({ subject }) => subject);
};

test("a service account's key acts for its org alone: no seat, no personal bucket, the org's credentials", async () => {
  const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
  const { id, key, keyId } = await someAccount(owner, orgId);
  expect(await principalOf(key)).toEqual({
    keyId,
    userId: id,
    orgId,
    role: null,
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: null, org: `org:${orgId}` },
    byok: { scope: "org", used: 0, capacity: 18 },
  });
  const listed = await ask(owner, "GET", `/api/keys?orgId=${orgId}`);
  expect(listed.body.items).toMatchObject([{ id: keyId, serviceAccountId: id }]);
  expect((await ask(owner, "GET", "/api/keys")).body.items).toEqual([]);
});

test("its keys outlive whoever made them, and the audit log names who made what", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
  const [admin = ""] = members;
  await changeMember(registry.deps, signedIn(owner), { orgId, userId: admin }, { role: "admin" });
  const { id, key, keyId } = await someAccount(admin, orgId);
  expect((await ask(admin, "DELETE", `/api/orgs/${orgId}/members/${admin}`)).status).toBe(204);
  expect(await principalOf(key)).toMatchObject({ keyId, userId: id });
  const { body } = await ask(owner, "GET", `/api/orgs/${orgId}/audit?limit=3`);
  const actor = { kind: "user", userId: admin };
  expect(body.items).toMatchObject([
    { action: "member.left" },
    { action: "apikey.created", target: keyId, details: { userId: id } },
    { action: "service_account.created", target: id, details: { name: "ci" } },
  ]);
  expect(JSON.stringify(body.items?.slice(1))).toContain(actor.userId);
  expect((await verifyAuditChain(registry.db, `org:${orgId}`)).brokenAtSeq).toBeNull();
});

test("its keys are changed, rotated and revoked by who runs the org, and never manage an account", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 2, seats: 3 });
  const [member = ""] = members;
  const { id, keyId } = await someAccount(owner, orgId);
  const wide = { name: "x", orgId, serviceAccountId: id, scopes: ["llm", "account"] };
  expect((await ask(owner, "POST", "/api/keys", wide)).body).toMatchObject({
    code: "invalid_request",
    detail: expect.stringMatching(/^scopes: /),
  });
  expect((await ask(owner, "PATCH", `/api/keys/${keyId}`, { scopes: ["account"] })).body).toMatchObject({
    detail: expect.stringMatching(/^scopes: /),
  });
  expect((await ask(owner, "POST", "/api/keys", { ...wide, scopes: ["llm"], orgId: null })).body).toMatchObject({
    detail: expect.stringMatching(/^orgId: /),
  });
  for (const [method, path, body] of [
    ["PATCH", `/api/keys/${keyId}`, { name: "mine" }],
    ["POST", `/api/keys/${keyId}/rotate`, { overlapSeconds: 0 }],
    ["DELETE", `/api/keys/${keyId}`, undefined],
  ] as const) {
    expect([path, (await ask(member, method, path, body)).status]).toEqual([path, 404]);
    const { status } = await ask(owner, method, path, body);
    expect([path, status < 300]).toEqual([path, true]);
  }
});

test("another org's service account is one that does not exist", async () => {
  const [mine, other] = [
    await someOrg(registry.deps, { members: 0, seats: 3 }),
    await someOrg(registry.deps, { members: 0, seats: 3 }),
  ];
  const { id } = await someAccount(other.owner, other.orgId);
  const answers = [id, "svc_missing"].map(async (one) => {
    const made = await ask(mine.owner, "POST", "/api/keys", { name: "x", orgId: mine.orgId, serviceAccountId: one });
    const removed = await ask(mine.owner, "DELETE", `/api/orgs/${mine.orgId}/service-accounts/${one}`);
    return JSON.stringify([made, removed]);
  });
  const [foreign, missing] = await Promise.all(answers);
  expect(foreign).toBe(missing);
  expect(foreign).toContain('"status":404');
});

test("a removed service account's keys are revoked with it, also one that is being made", async () => {
  const { orgId, owner } = await someOrg(registry.deps, { members: 0, seats: 3 });
  const { id, key, keyId } = await someAccount(owner, orgId);
  const making = Array.from({ length: 5 }, () =>
    ask(owner, "POST", "/api/keys", { name: "late", orgId, serviceAccountId: id }),
  );
  const removal = ask(owner, "DELETE", `/api/orgs/${orgId}/service-accounts/${id}`);
  const made = await Promise.all(making);
  expect((await removal).status).toBe(204);
  expect(await principalOf(key)).toBeNull();
  for (const { status, body } of made) if (status === 201) expect(await principalOf(body["key"] as string)).toBeNull();
  expect(await told(keyId)).toEqual([apiKeyRevoked.subject]);
  expect((await ask(owner, "GET", `/api/orgs/${orgId}/service-accounts`)).body.items).toEqual([]);
});

test("a deleted org's service accounts are refused at once, work again when it is restored, and end with it", async () => {
  const { orgId, owner, members } = await someOrg(registry.deps, { members: 1, seats: 3 });
  const { key, keyId } = await someAccount(owner, orgId);
  // The one who made it hands the org over.
  await offerOwnership(registry.deps, signedIn(owner), orgId, members[0] ?? "");
  await acceptOwnership(registry.deps, signedIn(members[0] ?? ""), orgId);
  const heir = signedIn(members[0] ?? "");
  await deleteOrg(registry.deps, heir, orgId);
  expect(await principalOf(key)).toBeNull();
  await restoreOrg(registry.deps, heir, orgId);
  expect(await principalOf(key)).toMatchObject({ keyId });
  expect(await told(keyId)).toEqual([apiKeyChanged.subject, apiKeyChanged.subject]);
  await deleteOrg(registry.deps, heir, orgId);
  const later = { ...registry.deps, nowMs: () => Date.now() + 15 * 86_400_000 };
  await completeDeletions(later, new AbortController().signal);
  const { rows } = await registry.db.raw<{ rows: unknown[] }>(
    "select 1 from service_account where org_id = ? and removed_at is null",
    [orgId],
  );
  expect(rows).toEqual([]);
  expect((await told(keyId)).at(-1)).toBe(apiKeyRevoked.subject);
});

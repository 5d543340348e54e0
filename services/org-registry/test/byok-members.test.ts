import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { credentialChanged, credentialRevoked } from "@topdog/contracts/events/credential-events";
import { completeDeletions, deleteOrg } from "../src/usecases/delete-org.ts";
import { signedIn, someOrg } from "./arrange.ts";
import { type ByokRig, newKey, startByok } from "./byok-rig.ts";

let byok: ByokRig;
beforeAll(async () => {
  byok = await startByok();
});
afterAll(() => byok.stop());

const told = async (credentialId: string, subject: string): Promise<number> => {
  const { rows } = await byok.db.raw<{ rows: unknown[] }>("select 1 from outbox where subject = ? and payload like ?", [
    subject,
    `%${credentialId}%`,
  ]);
  return rows.length;
};

test("who leaves or is removed is off the lists of whose calls an org's credentials may serve, and an empty list allows nobody", async () => {
  const { orgId, owner, members } = await someOrg(byok.deps, { members: 2, seats: 3 });
  const [leaver = "", removed = ""] = members;
  const ids = [newKey(), newKey()].map(async (key) => String((await byok.add(owner, key, { orgId })).body["id"]));
  const [shared = "", open = ""] = await Promise.all(ids);
  await byok.as(owner, "PATCH", `/api/byok/${shared}`, { allowedMembers: [leaver, removed] });
  const before = await told(shared, credentialChanged.subject);
  const listOf = async (id: string): Promise<unknown> => {
    const { body } = await byok.as(owner, "GET", `/api/byok?orgId=${orgId}`);
    return body.items?.find((one) => one["id"] === id)?.["allowedMembers"];
  };
  expect((await byok.as(leaver, "DELETE", `/api/orgs/${orgId}/members/${leaver}`)).status).toBe(204);
  expect([await listOf(shared), await listOf(open)]).toEqual([[removed], null]);
  expect((await byok.as(owner, "DELETE", `/api/orgs/${orgId}/members/${removed}`)).status).toBe(204);
  expect([await listOf(shared), await listOf(open)]).toEqual([[], null]);
  expect((await told(shared, credentialChanged.subject)) - before).toBe(2);
});

test("a deleted org's credentials are kept while it may be restored, and shredded when it is gone", async () => {
  const { orgId, owner } = await someOrg(byok.deps, { members: 0, seats: 3 });
  const id = String((await byok.add(owner, newKey(), { orgId })).body["id"]);
  const stored = async (): Promise<Record<string, unknown>> => {
    const { rows } = await byok.db.raw<{ rows: Record<string, unknown>[] }>(
      "select kid, wrapped, sealed, reason, revoked_at from credential where id = ?",
      [id],
    );
    return rows[0] ?? {};
  };
  await deleteOrg(byok.deps, signedIn(owner), orgId);
  expect(await stored()).toMatchObject({ revoked_at: null, wrapped: expect.any(String) });
  const later = { ...byok.deps, nowMs: () => Date.now() + 15 * 86_400_000 };
  await completeDeletions(later, new AbortController().signal);
  expect(await stored()).toMatchObject({ kid: null, wrapped: null, sealed: null, reason: "the org was deleted" });
  expect(await told(id, credentialRevoked.subject)).toBe(1);
});

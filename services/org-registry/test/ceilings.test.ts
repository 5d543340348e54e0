import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { apiKeyChanged } from "@topdog/contracts/events/api-key-events";
import { memberChanged } from "@topdog/contracts/events/org-events";
import { inTransaction } from "@topdog/postgres/transaction";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { hashKey } from "../src/store/key-material.ts";
import { applyEntitlement } from "../src/usecases/apply-entitlement.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { changeKey } from "../src/usecases/change-key.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createKey, type CreatedKey } from "../src/usecases/create-key.ts";
import { createOrg } from "../src/usecases/create-org.ts";
import { createServiceAccount } from "../src/usecases/manage-service-accounts.ts";
import { removeMember } from "../src/usecases/remove-member.ts";
import { resolvePrincipalOf } from "../src/usecases/resolve-principal.ts";
import { setKeyCeiling } from "../src/usecases/set-key-ceiling.ts";
import { entitlement, signedIn, someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

let database: TestDatabase;
let deps: RegistryDeps;
let owner: string;
let admin: string;
let member: string;
let orgId: string;
beforeAll(async () => {
  database = await testDatabase({ migrations });
  deps = depsOn(database.db);
  [owner = "", admin = "", member = ""] = await Promise.all([someUser(deps), someUser(deps), someUser(deps)]);
  const org = await createOrg(deps, { name: "Acme", ownerUserId: owner, memberUserIds: [admin, member] });
  orgId = org.id;
  await inTransaction(deps.db, (trx) => applyEntitlement(trx, entitlement(`org:${orgId}`, 1, 5), new Date()));
  await changeMember(deps, signedIn(owner), { orgId, userId: admin }, { role: "admin" });
});
afterAll(() => database.drop());

const keyOf = (userId: string): Promise<CreatedKey> => createKey(deps, signedIn(userId), { orgId, name: "calls" });
const ceilingsOf = async ({ key }: CreatedKey) => (await resolvePrincipalOf(deps, hashKey(key)))?.ceilings;
const told = async (subject: string, text: string): Promise<number> => {
  const { rows } = await database.owner.raw<{ rows: unknown[] }>(
    "select 1 from outbox where subject = ? and payload like ?",
    [subject, `%${text}%`],
  );
  return rows.length;
};
const lastAudit = async (target: string) => {
  const { rows } = await database.owner.raw<{ rows: { action: string; details: string }[] }>(
    "select action, details from audit_log where target = ? order by seq desc limit 1",
    [target],
  );
  return rows.map(({ action, details }) => [action, JSON.parse(details) as unknown])[0];
};

test("of a holder's and an admin's ceiling on a key the lower one counts, and each change has a higher version", async () => {
  const created = await keyOf(member);
  const { id: keyId } = created.record;
  expect(await ceilingsOf(created)).toBeUndefined();
  await changeKey(deps, signedIn(member), keyId, { dailyCeiling: 50 });
  expect(await ceilingsOf(created)).toEqual([{ owner: `key:${keyId}`, limit: 50, version: 1, setBy: "holder" }]);
  await setKeyCeiling(deps, signedIn(admin), { orgId, keyId }, 20);
  expect(await ceilingsOf(created)).toEqual([{ owner: `key:${keyId}`, limit: 20, version: 2, setBy: "org" }]);
  // Its holder cannot lift it.
  await changeKey(deps, signedIn(member), keyId, { dailyCeiling: null });
  expect(await ceilingsOf(created)).toEqual([{ owner: `key:${keyId}`, limit: 20, version: 3, setBy: "org" }]);
  await setKeyCeiling(deps, signedIn(owner), { orgId, keyId }, null);
  expect(await ceilingsOf(created)).toBeUndefined();
  expect(await told(apiKeyChanged.subject, keyId)).toBe(4);
  expect(await lastAudit(keyId)).toEqual([
    "apikey.ceiling_set",
    { userId: member, before: { orgDailyCeiling: 20 }, after: { orgDailyCeiling: null } },
  ]);
});

test("a member's ceiling is of all their keys of the org, is told to gateways, and ends with the membership", async () => {
  const userId = await someUser(deps);
  const { id } = await createOrg(deps, { name: "Other", ownerUserId: owner, memberUserIds: [userId] });
  await inTransaction(deps.db, (trx) => applyEntitlement(trx, entitlement(`org:${id}`, 1, 5), new Date()));
  const { version } = await changeMember(deps, signedIn(owner), { orgId: id, userId }, { dailyCeiling: 7 });
  const created = await createKey(deps, signedIn(userId), { orgId: id, name: "calls" });
  expect(await ceilingsOf(created)).toEqual([{ owner: `member:${id}:${userId}`, limit: 7, version, setBy: "org" }]);
  expect(await told(memberChanged.subject, `"orgId":"${id}"`)).toBeGreaterThan(1);
  await removeMember(deps, signedIn(owner), { orgId: id, userId }, undefined);
  const { rows } = await database.owner.raw<{ rows: unknown[] }>(
    "select daily_ceiling from member where org_id = ? and user_id = ?",
    [id, userId],
  );
  expect(rows).toEqual([{ daily_ceiling: null }]);
});

test("admins limit members' and service accounts' keys, not the owner's nor their own; nobody else limits any", async () => {
  const { id: serviceAccountId } = await createServiceAccount(deps, signedIn(owner), { orgId, name: "ci" });
  const service = await createKey(deps, signedIn(owner), { orgId, serviceAccountId, name: "ci" });
  await setKeyCeiling(deps, signedIn(admin), { orgId, keyId: service.record.id }, 9);
  expect(await ceilingsOf(service)).toMatchObject([{ limit: 9 }]);
  const limit = async (who: string, { record }: CreatedKey) =>
    setKeyCeiling(deps, signedIn(who), { orgId, keyId: record.id }, 1).then(
      () => "set",
      (error: { code?: string }) => error.code,
    );
  expect(await limit(admin, await keyOf(owner))).toBe("forbidden");
  expect(await limit(admin, await keyOf(admin))).toBe("forbidden");
  expect(await limit(owner, await keyOf(admin))).toBe("set");
  expect(await limit(member, await keyOf(member))).toBe("forbidden");
  const own = await createKey(deps, signedIn(member), { orgId: null, name: "private" });
  expect(await limit(owner, own)).toBe("not_found");
  expect(await limit(await someUser(deps), await keyOf(member))).toBe("not_found");
});

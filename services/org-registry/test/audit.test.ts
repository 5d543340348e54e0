import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { verifyAuditChain } from "../src/store/audit-log.ts";
import { addMember } from "../src/usecases/add-member.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createKey, createKeyAsOperator } from "../src/usecases/create-key.ts";
import { revokeKey } from "../src/usecases/revoke-key.ts";
import { callerFor, someOrg, someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

describe("the audit log", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
  });
  afterAll(() => database.drop());

  test("every change of an org is one row of its chain that names the acting key, and the chain verifies", async () => {
    const { orgId, owner } = await someOrg(deps, { members: 0, seats: 3 });
    const caller = await callerFor(deps, owner);
    const member = await someUser(deps);
    const membersKey = await callerFor(deps, member);
    await addMember(deps, orgId, { who: { userId: member }, role: "member", active: true });
    await changeMember(deps, caller, { orgId, userId: member }, { role: "admin" });
    const { record } = await createKey(deps, membersKey, { name: "ci", orgId });
    await revokeKey(deps, caller, record.id);
    const { rows } = await database.db.raw<{ rows: { action: string; actor: string }[] }>(
      "select action, actor from audit_log where chain = ? order by seq",
      [`org:${orgId}`],
    );
    const byOwner = `user:${owner} key:${caller.keyId}`;
    expect(rows.map((row) => [row.action, row.actor])).toEqual([
      ["org.created", "operator"],
      ["member.added", "operator"],
      ["member.changed", byOwner],
      ["apikey.created", `user:${member} key:${membersKey.keyId}`],
      ["apikey.revoked", byOwner],
    ]);
    expect(await verifyAuditChain(database.db, `org:${orgId}`)).toEqual({ length: 5, brokenAtSeq: null });
  });

  test("rows can be neither changed, removed nor truncated", async () => {
    await someUser(deps);
    for (const statement of [
      "update audit_log set actor = 'nobody'",
      "delete from audit_log",
      "truncate audit_log",
      "truncate audit_log, audit_head",
    ]) {
      await expect(database.db.raw(statement)).rejects.toThrow(/append-only/);
    }
  });

  test.each([
    ["a changed row", "update audit_log set details = '{}' where chain = ? and seq = 2", 2],
    ["a removed row", "delete from audit_log where chain = ? and seq = 2", 2],
    ["a cut tail", "delete from audit_log where chain = ? and seq = 4", 4],
  ])(
    "%s shows, even when someone with full access to the database disables the trigger",
    async (_, tampering, brokenAtSeq) => {
      const userId = await someUser(deps);
      for (let index = 0; index < 3; index += 1)
        await createKeyAsOperator(deps, { userId, orgId: null, name: `k${index}` });
      const chain = `user:${userId}` as const;
      expect(await verifyAuditChain(database.db, chain)).toEqual({ length: 4, brokenAtSeq: null });
      await database.db.transaction(async (trx) => {
        await trx.raw("alter table audit_log disable trigger user");
        await trx.raw(tampering, [chain]);
        await trx.raw("alter table audit_log enable trigger user");
      });
      expect((await verifyAuditChain(database.db, chain)).brokenAtSeq).toBe(brokenAtSeq);
    },
  );

  test("writers at the same moment do not fork a chain", async () => {
    const userId = await someUser(deps);
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => createKeyAsOperator(deps, { userId, orgId: null, name: `k${index}` })),
    );
    expect(await verifyAuditChain(database.db, `user:${userId}`)).toEqual({ length: 13, brokenAtSeq: null });
  });

  test("a refused change leaves no row, no audit and no event", async () => {
    const { orgId } = await someOrg(deps, { members: 2, seats: 3 });
    const count = async (): Promise<unknown> =>
      (
        await database.db.raw<{ rows: unknown[] }>(
          "select (select count(*) from audit_log) as a, (select count(*) from outbox) as o, (select count(*) from member) as m",
        )
      ).rows[0];
    const who = { userId: await someUser(deps) };
    const before = await count();
    await expect(addMember(deps, orgId, { who, role: "member", active: true })).rejects.toMatchObject({
      code: "seats_exhausted",
    });
    expect(await count()).toEqual(before);
  });
});

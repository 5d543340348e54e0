import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type TestDatabase, testDatabase } from "@topdog/testing/postgres";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { addMember } from "../src/usecases/add-member.ts";
import type { RegistryDeps } from "../src/usecases/change.ts";
import { changeMember } from "../src/usecases/change-member.ts";
import { createKey, createKeyAsOperator } from "../src/usecases/create-key.ts";
import { revokeKey } from "../src/usecases/revoke-key.ts";
import { auditAnchored } from "@topdog/contracts/events/audit-anchored";
import { AuditKeys, withAuditKeys } from "../src/store/audit-keys.ts";
import { appendAudit, auditHashOf, genesis } from "../src/store/audit-log.ts";
import { anchorAudit } from "../src/usecases/anchor-audit.ts";
import { removeMember } from "../src/usecases/remove-member.ts";
import { exportAudit, readAudit } from "../src/usecases/read-audit.ts";
import { toApiAudit } from "../src/routes/audit-schemas.ts";
import { callerFor, signedIn, someOrg, someUser } from "./arrange.ts";
import { depsOn, migrations } from "./start-registry.ts";

describe("the audit log", () => {
  let database: TestDatabase;
  let deps: RegistryDeps;
  let asOwner: RegistryDeps["db"];
  beforeAll(async () => {
    database = await testDatabase({ migrations });
    deps = depsOn(database.db);
    asOwner = depsOn(database.owner).db;
  });
  afterAll(() => database.drop());

  test("every change of an org is one row of its chain that names the acting key or session, and the chain verifies", async () => {
    const { orgId, owner } = await someOrg(deps, { members: 0, seats: 3 });
    const caller = await callerFor(deps, owner);
    const member = await someUser(deps);
    const person = signedIn(member);
    await addMember(deps, orgId, { who: { userId: member }, role: "member", active: true });
    await changeMember(deps, caller, { orgId, userId: member }, { role: "admin" });
    const { record } = await createKey(deps, person, { name: "ci", orgId });
    await revokeKey(deps, caller, record.id);
    const { rows } = await database.owner.raw<{ rows: { action: string; actor: string }[] }>(
      "select action, actor from audit_log where chain = ? order by seq",
      [`org:${orgId}`],
    );
    const byOwner = `user:${owner} key:${caller.keyId}`;
    expect(rows.map((row) => [row.action, row.actor])).toEqual([
      ["org.created", "operator"],
      ["member.added", "operator"],
      ["member.changed", byOwner],
      ["apikey.created", `user:${member} session:${person.sessionId}`],
      ["apikey.revoked", byOwner],
    ]);
    expect(await verifyAuditChain(asOwner, `org:${orgId}`)).toEqual({ length: 5, brokenAtSeq: null, why: null });
  });

  test("rows can be neither changed, removed nor truncated: the service's role may not, and a trigger stops the owner", async () => {
    await someUser(deps);
    for (const statement of [
      "update audit_log set actor = 'nobody'",
      "delete from audit_log",
      "truncate audit_log",
      "truncate audit_log, audit_head",
    ]) {
      await expect(database.db.raw(statement)).rejects.toThrow(/permission denied/);
      await expect(database.owner.raw(statement)).rejects.toThrow(/append-only/);
    }
    await expect(database.db.raw("alter table audit_log disable trigger user")).rejects.toThrow(/must be owner/);
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
      expect(await verifyAuditChain(asOwner, chain)).toEqual({ length: 4, brokenAtSeq: null, why: null });
      await database.owner.transaction(async (trx) => {
        await trx.raw("alter table audit_log disable trigger user");
        await trx.raw(tampering, [chain]);
        await trx.raw("alter table audit_log enable trigger user");
      });
      expect((await verifyAuditChain(asOwner, chain)).brokenAtSeq).toBe(brokenAtSeq);
    },
  );

  test("writers at the same moment do not fork a chain", async () => {
    const userId = await someUser(deps);
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => createKeyAsOperator(deps, { userId, orgId: null, name: `k${index}` })),
    );
    expect(await verifyAuditChain(asOwner, `user:${userId}`)).toEqual({ length: 13, brokenAtSeq: null, why: null });
  });

  test("a refused change leaves no row, no audit and no event", async () => {
    const { orgId } = await someOrg(deps, { members: 2, seats: 3 });
    const count = async (): Promise<unknown> =>
      (
        await database.owner.raw<{ rows: unknown[] }>(
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
  const tamper = (sql: string, values: readonly (string | number | Date)[]): Promise<void> =>
    database.owner.transaction(async (trx) => {
      await trx.raw("alter table audit_log disable trigger user");
      await trx.raw(sql, [...values]);
      await trx.raw("alter table audit_log enable trigger user");
    });
  const entry = (chain: `user:${string}`) => ({
    chain,
    at: new Date(),
    actor: "operator",
    action: "test.made",
    target: "x",
    details: {},
  });
  const keyring = (...kids: string[]): AuditKeys => new AuditKeys(kids.map((kid) => [kid, `secret of ${kid}`]));

  test("rows of before there were keys stay verifiable, and rows without a key cannot follow rows with one", async () => {
    const chain = "user:old" as const;
    const row = (seq: number, previous_hash: string) => {
      const made = { ...entry(chain), seq, details: "{}", kid: null, previous_hash };
      return { ...made, hash: auditHashOf(keyring("a"), chain, made) ?? "" };
    };
    const first = row(1, genesis);
    const insert = async (made: ReturnType<typeof row>): Promise<void> => {
      await asOwner("audit_head").insert({ chain, seq: made.seq, hash: made.hash }).onConflict("chain").merge();
      const { seq, at, actor, action, target, details, previous_hash, hash } = made;
      await asOwner("audit_log").insert({ chain, seq, at, actor, action, target, details, previous_hash, hash });
    };
    await insert(first);
    await asOwner.transaction((trx) => appendAudit(trx, entry(chain)));
    expect(await verifyAuditChain(asOwner, chain)).toMatchObject({ length: 2, brokenAtSeq: null });
    const last = await asOwner<{ hash: string; chain: string; seq: number }>("audit_head").where({ chain }).first();
    await insert(row(3, last?.hash ?? ""));
    expect(await verifyAuditChain(asOwner, chain)).toMatchObject({
      brokenAtSeq: 3,
      why: expect.stringContaining("without a key"),
    });
  });

  test("keys are rotated: new rows have the first key, old rows are verified with theirs, and a lost key is named", async () => {
    const chain = "user:rotated" as const;
    for (const keys of [keyring("a"), keyring("b", "a")]) {
      await withAuditKeys(database.owner, keys).transaction((trx) => appendAudit(trx, entry(chain)));
    }
    const verdictWith = (...kids: string[]) => verifyAuditChain(withAuditKeys(database.owner, keyring(...kids)), chain);
    expect(await verdictWith("c", "b", "a")).toEqual({ length: 2, brokenAtSeq: null, why: null });
    expect(await verdictWith("b")).toEqual({ length: 0, brokenAtSeq: 1, why: "the key a is not in AUDIT_KEYS" });
  });

  test("a chain that was rewritten as a whole, by somebody who has the key, does not fit what was anchored", async () => {
    const userId = await someUser(deps);
    const chain = `user:${userId}` as const;
    await anchorAudit(deps, new AbortController().signal);
    const { rows } = await database.owner.raw<{ rows: { payload: string }[] }>(
      "select payload from outbox where subject = ? order by seq",
      [auditAnchored.subject],
    );
    const anchors = rows.flatMap(({ payload }) => auditAnchored.schema.parse(JSON.parse(payload)).heads);
    expect(anchors.filter((one) => one.chain === chain)).toHaveLength(1);
    expect(await verifyAuditChain(asOwner, chain, anchors)).toMatchObject({ brokenAtSeq: null });
    await tamper("delete from audit_log where chain = ?", [chain]);
    await tamper("delete from audit_head where chain = ?", [chain]);
    expect(await verifyAuditChain(asOwner, chain, anchors)).toMatchObject({ brokenAtSeq: 1 });
    await asOwner.transaction((trx) => appendAudit(trx, entry(chain)));
    expect(await verifyAuditChain(asOwner, chain)).toMatchObject({ brokenAtSeq: null });
    expect(await verifyAuditChain(asOwner, chain, anchors)).toMatchObject({
      brokenAtSeq: 1,
      why: expect.stringContaining("anchored"),
    });
  });

  test("a change says what was before and after, why, and never the secret", async () => {
    const { orgId, owner, members } = await someOrg(deps, { members: 1, seats: 3 });
    const caller = signedIn(owner);
    await changeMember(deps, caller, { orgId, userId: members[0] ?? "" }, { role: "billing" });
    await removeMember(deps, caller, { orgId, userId: members[0] ?? "" }, "left the company");
    const { record, key } = await createKey(deps, caller, { name: "ci", orgId });
    const page = await readAudit(deps, caller, { orgId }, { after: null, limit: 3 });
    const actor = `user:${owner} session:ses_of_caller`;
    expect(page.items.map(toApiAudit)).toMatchObject([
      { action: "apikey.created", target: record.id, actor },
      { action: "member.removed", actor, reason: "left the company", before: { role: "billing", active: true } },
      { action: "member.changed", actor, before: { role: "member" }, after: { role: "billing" } },
    ]);
    expect(JSON.stringify(page.items)).not.toContain(key);
    expect(page.next).not.toBeNull();
  });

  test("an export holds every row, oldest first, also more than are read at once", async () => {
    const userId = await someUser(deps);
    await asOwner.transaction(async (trx) => {
      for (let made = 0; made < 520; made += 1) await appendAudit(trx, entry(`user:${userId}`));
    });
    const seqs: number[] = [];
    for await (const row of await exportAudit(deps, signedIn(userId), "own")) seqs.push(row.seq);
    expect(seqs).toEqual(Array.from({ length: 521 }, (_, index) => index + 1));
  });
});

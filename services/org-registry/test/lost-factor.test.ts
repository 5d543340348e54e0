import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import { type Answer, sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { deleteTotp } from "../src/store/totp.ts";
import { lockUser } from "../src/store/users.ts";
import { change } from "../src/usecases/change.ts";
import { makeOperator } from "../src/usecases/make-operator.ts";
import { removeSecondFactor } from "../src/usecases/remove-second-factor.ts";
import { addTotp, codeOf, visitor } from "./oidc-rig.ts";
import { mailedToken } from "./read-mail.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

const password = "a password of some length";

let folder: string;
let registry: Registry;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "topdog-mail-"));
  registry = await startRegistry({ MAIL_DIR: folder });
});
afterAll(async () => {
  await registry.stop();
  await rm(folder, { recursive: true });
});

const signIn = (email: string, code?: string): Promise<Answer> =>
  registry.call("POST", "/api/auth/sign-in", visitor(), { email, password, ...(code === undefined ? {} : { code }) });

interface Person {
  readonly userId: string;
  readonly email: string;
  /** Of the app; each works once. */
  readonly codes: string[];
}

/** Who signs in with a password and an authenticator app. */
async function personWithApp(email: string): Promise<Person> {
  await registry.call("POST", "/api/auth/sign-up", visitor(), { email });
  const token = await mailedToken(folder, email);
  await registry.call("POST", "/api/auth/password", visitor(), { token, password });
  const userId = String((await signIn(email)).body["userId"]);
  return { userId, email, codes: await addTotp(registry, userId) };
}

const sessionsOf = async (userId: string): Promise<string[]> => {
  const { rows } = await registry.db.raw<{ rows: { id: string }[] }>("select id from session where user_id = ?", [
    userId,
  ]);
  return rows.map(({ id }) => id);
};
const appsAndCodesOf = async (userId: string): Promise<number> => {
  const { rows } = await registry.db.raw<{ rows: { count: number }[] }>(
    `select (select count(*) from totp where user_id = ?)::int + (select count(*) from recovery_code where user_id = ?)::int as count`,
    [userId, userId],
  );
  return rows[0]?.count ?? 0;
};

describe("who holds the platform takes a lost second factor away", () => {
  test("with its recovery codes and every session of the person, who is an operator again only with another app", async () => {
    const { userId, email, codes } = await personWithApp("ops@example.test");
    await makeOperator(registry.deps, email, true);
    expect((await signIn(email, codes[0])).body).toMatchObject({ admin: true, secondFactorAt: expect.any(String) });
    const ended = await sessionsOf(userId);
    expect(ended).toHaveLength(1);

    await removeSecondFactor(registry.deps, "Ops@Example.test", "came by; phone lost");
    expect([await sessionsOf(userId), await appsAndCodesOf(userId)]).toEqual([[], 0]);
    const { rows: told } = await registry.db.raw<{ rows: { payload: string }[] }>(
      "select payload from outbox where subject = ? and payload like ?",
      [sessionRevoked.subject, `%${ended[0]}%`],
    );
    expect(told).toHaveLength(1);
    const { rows: entries } = await registry.db.raw<{ rows: { action: string; actor: string; details: string }[] }>(
      "select action, actor, details::text from audit_log where chain = ? order by seq desc limit 2",
      [`user:${userId}`],
    );
    expect(entries).toMatchObject([
      { action: "totp.removed", actor: "operator", details: expect.stringContaining("came by; phone lost") },
      { action: "session.ended", actor: "operator" },
    ]);
    expect(await verifyAuditChain(registry.deps.db, `user:${userId}`, [])).toMatchObject({ brokenAtSeq: null });

    const without = await signIn(email);
    expect(without.body).toMatchObject({ admin: true, secondFactorAt: null });
    const [another = ""] = await addTotp(registry, userId);
    expect((await signIn(email, another)).body).toMatchObject({ secondFactorAt: expect.any(String) });
  });

  test("and makes nobody an operator by it, whose account it is or not", async () => {
    const { email } = await personWithApp("plain@example.test");
    await removeSecondFactor(registry.deps, email, "came by");
    expect((await signIn(email)).body).toMatchObject({ admin: false });
  });

  test("but not of nobody, nor what is not there: then no session ends", async () => {
    await expect(removeSecondFactor(registry.deps, "nobody@example.test", "x")).rejects.toMatchObject({
      code: "not_found",
    });
    const { userId, email } = await personWithApp("once@example.test");
    await removeSecondFactor(registry.deps, email, "came by");
    await signIn(email);
    await expect(removeSecondFactor(registry.deps, email, "again")).rejects.toMatchObject({ code: "conflict" });
    expect(await sessionsOf(userId)).toHaveLength(1);
  });

  test("and whoever is just showing a code of it gets no session that has shown it", async () => {
    const { userId, email, codes } = await personWithApp("thief@example.test");
    let answer: Promise<Answer> | undefined;
    await change(registry.deps, "everyone", async (trx) => {
      await lockUser(trx, userId);
      answer = signIn(email, codes[0]);
      // The code is used up, and the session waits for the lock.
      await eventually(async () => expect(await appsAndCodesOf(userId)).toBe(codes.length));
      await deleteTotp(trx, userId);
    });
    expect(codeOf((await answer) as Answer)).toEqual([401, "wrong_code"]);
  });
});

describe("over HTTP nobody does", () => {
  test("not its owner without a code, not somebody else with one, and not an operator", async () => {
    const { userId, email, codes } = await personWithApp("lost@example.test");
    const remove = (as: Parameters<Registry["call"]>[2], body: unknown): Promise<Answer> =>
      registry.call("POST", "/api/auth/totp/remove", as, body);
    const operatorId = (await personWithApp("boss@example.test")).userId;
    const operating = sessionOf(operatorId, { operator: true });
    expect((await remove(sessionOf(userId), {})).status).toBe(400);
    expect(codeOf(await remove(sessionOf(userId, { operator: true }), { code: "000000" }))).toEqual([
      401,
      "wrong_code",
    ]);
    // It is their own that a session asks for, whose code it has or not.
    for (const body of [{ code: codes[0] }, { code: codes[0], userId }]) {
      expect((await remove(operating, body)).status).toBeGreaterThanOrEqual(400);
    }
    expect(codeOf(await registry.call("POST", "/api/auth/totp/remove", visitor(), { code: codes[0] }))[0]).toBe(401);
    expect(codeOf(await signIn(email))).toEqual([401, "second_factor_required"]);
    expect(await appsAndCodesOf(userId)).toBe(1 + codes.length);
    expect(await appsAndCodesOf(operatorId)).toBe(1 + codes.length);
  });
});

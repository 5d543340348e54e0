import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sessionOf } from "@topdog/testing/account-call";
import { verifyAuditChain } from "../src/store/audit-verification.ts";
import { someUser } from "./arrange.ts";
import { addTotp, codeOf, type OidcRig, site, startOidcRig, visitor } from "./oidc-rig.ts";
import { startRegistry } from "./start-registry.ts";

const refused = [401, "oidc_refused"];

let rig: OidcRig;
beforeAll(async () => {
  rig = await startOidcRig();
});
afterAll(() => rig.stop());

let people = 0;
/** Somebody whom the provider knows, and we do not. */
function somebody(more: { isVerified?: boolean; provedAt?: Date; email?: string } = {}): { id: string; email: string } {
  people += 1;
  const [id, email] = [`person-${people}`, more.email ?? `person-${people}@kennel.example`];
  rig.provider.people.set(id, { ...more, email });
  return { id, email };
}

/** A user of ours who has read the mail of their address. */
async function verifiedUser(): Promise<{ userId: string; email: string }> {
  const userId = await someUser(rig.registry.deps);
  const { rows } = await rig.registry.db.raw<{ rows: { email: string }[] }>(
    "update app_user set email_verified_at = now() where id = ? returning email",
    [userId],
  );
  return { userId, email: rows[0]?.email ?? "" };
}

const actionsOf = async (userId: string): Promise<string[]> => {
  const { rows } = await rig.registry.db.raw<{ rows: { action: string }[] }>(
    "select action from audit_log where chain = ? order by seq",
    [`user:${userId}`],
  );
  return rows.map(({ action }) => action);
};

describe("somebody whom the provider names", () => {
  test("has an account from then on, with a verified address and no password, and comes back to it by their id there", async () => {
    const { id, email } = somebody();
    const first = await rig.signIn(await rig.goAs(id));
    expect([first.status, first.body]).toMatchObject([200, { email, admin: false, secondFactorAt: null }]);
    expect(first.setCookies.map((one) => one.split("=", 1)[0])).toEqual([
      "__Host-topdog_session",
      "__Host-topdog_csrf",
      "__Host-topdog_oidc",
    ]);
    expect(first.setCookies[2]).toMatch(/^__Host-topdog_oidc=; Path=\/; Max-Age=0; SameSite=Strict; HttpOnly; Secure$/);
    const userId = String(first.body["userId"]);
    const account = await rig.registry.call("GET", "/api/auth/account", sessionOf(userId));
    expect(account.body).toMatchObject({ email, passwordChangedAt: null });
    // The address changes at the provider: the person is the same.
    rig.provider.people.set(id, { email: "somebody.else@kennel.example" });
    const again = await rig.signIn(await rig.goAs(id));
    expect([again.status, again.body["userId"]]).toEqual([200, userId]);
    expect(await actionsOf(userId)).toEqual(["user.created", "identity.linked", "session.created", "session.created"]);
    expect((await verifyAuditChain(rig.registry.db, `user:${userId}`)).brokenAtSeq).toBeNull();
  });

  test("is the same account when they come twice at once, for the first time", async () => {
    const { id } = somebody();
    const returned = await Promise.all([rig.goAs(id), rig.goAs(id), rig.goAs(id)]);
    const answers = await Promise.all(returned.map((one) => rig.signIn(one)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body["userId"])).size).toBe(1);
  });

  test("is signed in to the account that has their address, when both sides have verified it", async () => {
    const { userId, email } = await verifiedUser();
    const { id } = somebody({ email: email.toUpperCase() });
    const answer = await rig.signIn(await rig.goAs(id));
    expect([answer.status, answer.body["userId"]]).toEqual([200, userId]);
  });

  test("gets nothing of an account with their address when the provider, or we, have not verified it", async () => {
    const { email } = await verifiedUser();
    const unverified = somebody({ email, isVerified: false });
    expect(codeOf(await rig.signIn(await rig.goAs(unverified.id)))).toEqual(refused);
    const userId = await someUser(rig.registry.deps);
    const account = await rig.registry.call("GET", "/api/auth/account", sessionOf(userId));
    const { id } = somebody({ email: String(account.body["email"]) });
    expect(codeOf(await rig.signIn(await rig.goAs(id)))).toEqual([409, "oidc_not_linked"]);
    expect(await rig.registry.db("oidc_identity").where({ user_id: userId })).toEqual([]);
  });

  test("makes no account without an address, or with one that nobody has verified", async () => {
    rig.provider.people.set("nameless", {});
    expect(codeOf(await rig.signIn(await rig.goAs("nameless")))).toEqual(refused);
    const { id, email } = somebody({ isVerified: false });
    expect(codeOf(await rig.signIn(await rig.goAs(id)))).toEqual(refused);
    expect(await rig.registry.db("app_user").where({ email })).toEqual([]);
  });

  test("proved who they are when they did so there, not when they were sent back", async () => {
    const provedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 40 * 60_000);
    const { id } = somebody({ provedAt });
    const answer = await rig.signIn(await rig.goAs(id));
    expect([answer.status, answer.body["authenticatedAt"]]).toEqual([200, provedAt.toISOString()]);
    const fresh = somebody({ provedAt: new Date(Date.now() + 3_600_000) });
    const ahead = await rig.signIn(await rig.goAs(fresh.id));
    expect(Date.parse(String(ahead.body["authenticatedAt"]))).toBeLessThanOrEqual(Date.now());
  });
});

describe("a provider that does not say when somebody proved who they are", () => {
  beforeAll(() => {
    rig.provider.isSilentOnTime = true;
  });
  afterAll(() => {
    rig.provider.isSilentOnTime = false;
  });

  /** What needs a recent proof. */
  const makeKey = async (userId: string): Promise<unknown[]> => {
    const { rows } = await rig.registry.db.raw<{ rows: { authenticatedAt: Date }[] }>(
      'select authenticated_at as "authenticatedAt" from session where user_id = ? order by created_at desc limit 1',
      [userId],
    );
    const as = sessionOf(userId, { authenticatedAt: rows[0]?.authenticatedAt.toISOString() ?? "" });
    return codeOf(await rig.registry.call("POST", "/api/keys", as, { name: "laptop" }));
  };

  test("signs people in, and that is no proof for what needs a recent one", async () => {
    const { userId, email } = await verifiedUser();
    const { id } = somebody({ email });
    for (const _ of ["linked by the address", "known from then on"]) {
      const answer = await rig.signIn(await rig.goAs(id));
      expect([answer.status, answer.body["userId"], answer.body["authenticatedAt"]]).toEqual([200, userId, null]);
      expect(await makeKey(userId)).toEqual([403, "reauthentication_required"]);
    }
  });

  test("makes an account whose first session needs no other proof, and each later one does", async () => {
    const { id } = somebody();
    const first = await rig.signIn(await rig.goAs(id));
    const userId = String(first.body["userId"]);
    expect([first.status, first.body["authenticatedAt"]]).toEqual([200, expect.any(String)]);
    expect(await makeKey(userId)).toEqual([201, undefined]);
    expect((await rig.signIn(await rig.goAs(id))).body["authenticatedAt"]).toBeNull();
  });

  test("is no matter where a second factor is shown here: that is the proof", async () => {
    const { userId } = await verifiedUser();
    const { id } = somebody();
    expect((await rig.link(userId, await rig.goToLink(userId, id))).status).toBe(201);
    const [code = ""] = await addTotp(rig.registry, userId);
    const { body } = await rig.signIn(await rig.goAs(id), { code });
    expect(body["authenticatedAt"]).toEqual(body["secondFactorAt"]);
    expect(body["authenticatedAt"]).toEqual(expect.any(String));
  });
});

describe("a second factor", () => {
  test("is asked for as after a password; the same browser ends the sign-in with it, once", async () => {
    const { userId } = await verifiedUser();
    const { id } = somebody();
    expect((await rig.link(userId, await rig.goToLink(userId, id))).status).toBe(201);
    const [code = "", spare = ""] = await addTotp(rig.registry, userId);
    const returned = await rig.goAs(id);
    expect(codeOf(await rig.signIn(returned))).toEqual([401, "second_factor_required"]);
    expect(codeOf(await rig.signIn(returned, { code: "000000" }))).toEqual([401, "wrong_code"]);
    const stolen = { ...returned, cookie: (await rig.goAs(id)).cookie };
    expect(codeOf(await rig.signIn(stolen, { code }))).toEqual(refused);
    const answer = await rig.signIn(returned, { code });
    expect([answer.status, answer.body["userId"]]).toEqual([200, userId]);
    expect(answer.body["secondFactorAt"]).toEqual(expect.any(String));
    expect(codeOf(await rig.signIn(returned, { code: spare }))).toEqual(refused);
  });

  test("is not gone round by a mailbox: an account with one is linked in a session alone", async () => {
    const { userId, email } = await verifiedUser();
    await addTotp(rig.registry, userId);
    const { id } = somebody({ email });
    expect(codeOf(await rig.signIn(await rig.goAs(id)))).toEqual([409, "oidc_not_linked"]);
  });
});

describe("what the browser brings back", () => {
  test("counts once, also when it comes twice at once", async () => {
    const { id } = somebody();
    const returned = await rig.goAs(id);
    const both = await Promise.all([rig.signIn(returned), rig.signIn(returned)]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 401]);
    expect(codeOf(await rig.signIn(returned))).toEqual(refused);
    // A new beginning does not make the old code good.
    const next = await rig.goAs(id);
    const { authorizationCode } = returned.answer;
    expect(codeOf(await rig.signIn({ ...next, answer: { ...next.answer, authorizationCode } }))).toEqual(refused);
  });

  test("counts in the browser that began, and nowhere without its cookie", async () => {
    const { id } = somebody();
    const [mine, other] = [await rig.goAs(id), await rig.goAs(somebody().id)];
    expect(codeOf(await rig.signIn({ ...mine, cookie: other.cookie }))).toEqual(refused);
    expect(codeOf(await rig.signIn({ ...mine, cookie: "theme=dark" }))).toEqual(refused);
    expect(codeOf(await rig.signIn({ ...mine, cookie: `__Host-topdog_oidc=${"x".repeat(43)}` }))).toEqual(refused);
    expect(codeOf(await rig.signIn({ ...mine, answer: { ...mine.answer, state: other.answer.state } }))).toEqual(
      refused,
    );
    expect((await rig.signIn(mine)).status).toBe(200);
    // The code of another browser, under one's own state: the provider misses its verifier.
    const [a, b] = [await rig.goAs(id), await rig.goAs(somebody().id)];
    const { authorizationCode } = b.answer;
    expect(codeOf(await rig.signIn({ ...a, answer: { ...a.answer, authorizationCode } }))).toEqual(refused);
  });

  test("is refused when its token, its code or its state was made for another sign-in", async () => {
    const { id } = somebody();
    const other = "x".repeat(43);
    for (const name of ["nonce", "code_challenge", "state"])
      expect([name, ...codeOf(await rig.signIn(await rig.goAs(id, { [name]: other })))]).toEqual([name, ...refused]);
  });

  test("is refused when another provider answers, or does not say that it is this one", async () => {
    const { id } = somebody();
    const evil = await rig.goAs(id);
    expect(codeOf(await rig.signIn({ ...evil, answer: { ...evil.answer, issuer: "https://evil.example" } }))).toEqual(
      refused,
    );
    const silent = await rig.goAs(id);
    const { authorizationCode, state } = silent.answer;
    expect(codeOf(await rig.signIn({ ...silent, answer: { authorizationCode, state } }))).toEqual(refused);
  });

  test("is refused when it comes too late, and when the person declined", async () => {
    const late = await rig.goAs(somebody().id);
    rig.skewMs = 11 * 60_000;
    expect(codeOf(await rig.signIn(late))).toEqual(refused);
    rig.skewMs = 0;
    const declined = await rig.goAs("declines");
    expect(declined.answer.authorizationCode).toBe("");
    const wrong = await rig.signIn(declined);
    expect([wrong.status, wrong.body["code"], wrong.body["detail"]]).toEqual([
      400,
      "invalid_request",
      expect.stringContaining("authorizationCode"),
    ]);
  });

  test("of a sign-in links nothing, and of a link signs nobody in", async () => {
    const { userId } = await verifiedUser();
    const { id } = somebody();
    expect(codeOf(await rig.link(userId, await rig.goAs(id)))).toEqual(refused);
    expect(codeOf(await rig.signIn(await rig.goToLink(userId, id)))).toEqual(refused);
    expect(codeOf(await rig.link((await verifiedUser()).userId, await rig.goToLink(userId, id)))).toEqual(refused);
  });
});

describe("an identity", () => {
  test("is linked once to one account, listed, and signs nobody in once it is unlinked", async () => {
    const [{ userId }, other] = [await verifiedUser(), await verifiedUser()];
    await rig.registry.db("password").insert({ user_id: userId, hash: "x".repeat(30), changed_at: new Date() });
    const { id, email } = somebody();
    const linked = await rig.link(userId, await rig.goToLink(userId, id));
    expect([linked.status, linked.body]).toMatchObject([201, { email, issuer: rig.provider.issuer, lastUsedAt: null }]);
    expect(codeOf(await rig.link(other.userId, await rig.goToLink(other.userId, id)))).toEqual([409, "conflict"]);
    expect(codeOf(await rig.link(userId, await rig.goToLink(userId, somebody().id)))).toEqual([409, "conflict"]);
    expect((await rig.signIn(await rig.goAs(id))).body["userId"]).toBe(userId);
    const path = "/api/auth/identities";
    const listed = await rig.registry.call("GET", path, sessionOf(userId));
    expect(listed.body.items).toEqual([{ ...linked.body, lastUsedAt: expect.any(String) }]);
    expect((await rig.registry.call("GET", path, sessionOf(other.userId))).body.items).toEqual([]);
    const one = `${path}/${String(linked.body["id"])}`;
    expect((await rig.registry.call("DELETE", one, sessionOf(other.userId))).status).toBe(404);
    // What was proven before it was unlinked is worth nothing after.
    const [code = ""] = await addTotp(rig.registry, userId);
    const underway = await rig.goAs(id);
    expect(codeOf(await rig.signIn(underway))).toEqual([401, "second_factor_required"]);
    expect((await rig.registry.call("DELETE", one, sessionOf(userId))).status).toBe(204);
    expect(codeOf(await rig.signIn(underway, { code }))).toEqual(refused);
    expect((await actionsOf(userId)).filter((action) => action.startsWith("identity."))).toEqual([
      "identity.linked",
      "identity.unlinked",
    ]);
  });

  test("that was unlinked is not linked again by its address, but by its owner", async () => {
    const { userId, email } = await verifiedUser();
    await rig.registry.db("password").insert({ user_id: userId, hash: "x".repeat(30), changed_at: new Date() });
    const { id } = somebody({ email });
    expect((await rig.signIn(await rig.goAs(id))).status).toBe(200);
    const { body } = await rig.registry.call("GET", "/api/auth/identities", sessionOf(userId));
    const unlinked = await rig.registry.call(
      "DELETE",
      `/api/auth/identities/${String(body.items?.[0]?.["id"])}`,
      sessionOf(userId),
    );
    expect(unlinked.status).toBe(204);
    expect(codeOf(await rig.signIn(await rig.goAs(id)))).toEqual([409, "oidc_not_linked"]);
    expect((await rig.link(userId, await rig.goToLink(userId, id))).status).toBe(201);
    expect((await rig.signIn(await rig.goAs(id))).status).toBe(200);
  });

  test("that comes a hundred times at once is linked once, to one account of all that ask for it", async () => {
    const { userId } = await verifiedUser();
    const returned = await rig.goToLink(userId, somebody().id);
    const same = await Promise.all(Array.from({ length: 100 }, () => rig.link(userId, returned)));
    expect(same.map(codeOf).filter(([status]) => status === 201)).toHaveLength(1);
    expect(same.map(codeOf).filter(([, code]) => code === "oidc_refused")).toHaveLength(99);
    const { id } = somebody();
    const users = await Promise.all(Array.from({ length: 20 }, verifiedUser));
    const all = await Promise.all(users.map(async (one) => ({ ...one, returned: await rig.goToLink(one.userId, id) })));
    const answers = await Promise.all(all.map((one) => rig.link(one.userId, one.returned)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, ...Array(19).fill(409)]);
  });

  test("is not unlinked when nothing else signs its owner in, also when the other way is given up at the same time", async () => {
    const { id } = somebody();
    const userId = String((await rig.signIn(await rig.goAs(id))).body["userId"]);
    const { rows } = await rig.registry.db.raw<{ rows: { id: string }[] }>(
      "select id from oidc_identity where user_id = ?",
      [userId],
    );
    const remove = (path: string) => rig.registry.call("DELETE", `/api/auth/${path}`, sessionOf(userId));
    const unlink = () => remove(`identities/${rows[0]?.id}`);
    const alone = await unlink();
    expect([...codeOf(alone), alone.body["detail"]]).toEqual([409, "conflict", expect.stringContaining("password")]);
    for (let round = 0; round < 5; round += 1) {
      await rig.registry.db.raw(
        `insert into passkey (id, user_id, credential_id, public_key, counter, name, created_at)
         values (?, ?, ?, 'k', 0, 'key', now()) on conflict do nothing`,
        [`pky_${userId}`, userId, `of-${userId}`],
      );
      if ((await rig.registry.db("oidc_identity").where({ user_id: userId })).length === 0) break;
      const both = await Promise.all([unlink(), remove(`passkeys/pky_${userId}`)]);
      expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409]);
    }
  });
});

describe("the provider", () => {
  test("that does not answer is said as such, costs nothing that is there, and is asked again", async () => {
    const { id } = somebody();
    const returned = await rig.goAs(id);
    rig.provider.isAway = true;
    expect(codeOf(await rig.signIn(returned))).toEqual([503, "oidc_unavailable"]);
    expect(codeOf(await rig.signIn(returned))).toEqual([503, "oidc_unavailable"]);
    rig.provider.isAway = false;
    // The same request, later: as the answer said.
    expect((await rig.signIn(returned)).status).toBe(200);

    const nobody = await startRegistry({ PUBLIC_URL: site, ...rig.provider.env, OIDC_ISSUER: "http://127.0.0.1:1" });
    const away = await nobody.call("POST", "/api/auth/oidc/start", visitor(), {});
    await nobody.stop();
    expect(codeOf(away)).toEqual([503, "oidc_unavailable"]);
  });

  test("that is not the one that was configured is not believed", async () => {
    const elsewhere = rig.provider.issuer.replace("127.0.0.1", "localhost");
    const registry = await startRegistry({ PUBLIC_URL: site, ...rig.provider.env, OIDC_ISSUER: elsewhere });
    const answer = await registry.call("POST", "/api/auth/oidc/start", visitor(), {});
    await registry.stop();
    expect(codeOf(answer)).toEqual([503, "oidc_unavailable"]);
  });

  test("that names addresses in its user info alone is asked there", async () => {
    const other = await startOidcRig({ claimsIn: "user info" });
    other.provider.people.set("ann", { email: "ann@kennel.example" });
    const answer = await other.signIn(await other.goAs("ann"));
    await other.stop();
    expect([answer.status, answer.body["email"]]).toEqual([200, "ann@kennel.example"]);
  });

  test("is asked not to answer for who is signed in there, when somebody proves again who they are", async () => {
    const begun = await rig.registry.call("POST", "/api/auth/oidc/start", visitor(), { again: true });
    const { searchParams } = new URL(String(begun.body["url"]));
    expect([searchParams.get("prompt"), searchParams.get("max_age")]).toEqual(["login", "0"]);
    expect(begun.setCookies).toEqual([
      expect.stringMatching(/^__Host-topdog_oidc=[\w-]{43}; Path=\/; Max-Age=600; SameSite=Strict; HttpOnly; Secure$/),
    ]);
    const secret = /=([\w-]{43});/.exec(begun.setCookies[0] ?? "")?.[1] ?? "";
    expect(String(begun.body["url"])).not.toContain(secret);
  });

  test("is asked as often as an address may, and no more", async () => {
    const one = visitor();
    const ask = () => rig.registry.call("POST", "/api/auth/oidc/start", one, {});
    const answers = await Promise.all(Array.from({ length: 110 }, ask));
    expect(answers.filter(({ status }) => status === 200).length).toBe(100);
    expect(codeOf(await ask())).toEqual([429, "too_many_attempts"]);
  });

  test("is told of by what a page reads before it shows its button; without one there is none", async () => {
    const methods = await rig.registry.call("GET", "/api/auth/methods", null);
    expect(methods.body).toEqual({ mail: false, passkeys: true, oidc: { name: "Kennel ID" } });
    const without = await startRegistry();
    const answers = [
      await without.call("GET", "/api/auth/methods", null),
      await without.call("POST", "/api/auth/oidc/start", visitor(), {}),
    ];
    await without.stop();
    expect(answers[0]?.body).toEqual({ mail: false, passkeys: false, oidc: null });
    expect(answers.slice(1).map(codeOf)).toEqual([[503, "oidc_not_configured"]]);
  });
});

import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { SessionCaller, Visitor } from "@topdog/contracts/account-call";
import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import { resolveSession } from "@topdog/contracts/rpc/resolve-session";
import { callRpc } from "@topdog/messaging/rpc";
import { onEventBroadcast } from "@topdog/messaging/signal";
import type { Answer } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { devMailRoutes } from "../src/routes/dev-mails.ts";
import { codeOf } from "../src/store/totp-code.ts";
import { makeOperator } from "../src/usecases/make-operator.ts";
import { createUser } from "../src/usecases/create-user.ts";
import { fromBase32 } from "./base32.ts";
import { mailedToken, mailsTo } from "./read-mail.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

const password = "a password of some length";
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const codeOfAnswer = ({ status, body }: Answer): unknown[] => [status, body["code"]];

describe("people who sign in", () => {
  let folder: string;
  let registry: Registry;
  let skewMs = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "topdog-mail-"));
    registry = await startRegistry({ MAIL_DIR: folder }, { nowMs: () => Date.now() + skewMs });
  });
  afterAll(async () => {
    await registry.stop();
    await rm(folder, { recursive: true });
  });

  let addresses = 0;
  /** From an address that nobody used before. */
  const someVisitor = (): Visitor => {
    addresses += 1;
    return { kind: "visitor", address: `192.0.2.${addresses}`, userAgent: "a browser" };
  };
  const post = (path: string, as: Visitor | SessionCaller, body?: unknown): Promise<Answer> =>
    registry.call("POST", `/api/auth/${path}`, as, body);
  const signUp = async (email: string): Promise<void> => {
    expect((await post("sign-up", someVisitor(), { email })).status).toBe(202);
    const token = await mailedToken(folder, email);
    const set = await post("password", someVisitor(), { token, password });
    expect([set.status, set.body]).toEqual([200, { email }]);
  };
  const tokenOf = ({ setCookies }: Answer): string =>
    /^topdog_session=([\w-]{43});/.exec(setCookies[0] ?? "")?.[1] ?? "";
  const signIn = async (email: string, more: object = {}): Promise<{ token: string; as: SessionCaller }> => {
    const answer = await post("sign-in", someVisitor(), { email, password, ...more });
    expect(answer.status).toBe(200);
    const token = tokenOf(answer);
    const as = await resolved(token);
    if (as === null) throw new Error("the new session is not known");
    return { token, as };
  };
  const resolved = async (token: string): Promise<SessionCaller | null> => {
    const gateway = await registry.nats.busOf("gateway");
    return (await callRpc(gateway, resolveSession, { tokenHash: sha256(token) }, { timeoutMs: 30_000 })).session;
  };

  test("sign up by a mail, choose a password, and get a session whose token is stored nowhere", async () => {
    await signUp("ann@example.test");
    const answer = await post("sign-in", someVisitor(), { email: "Ann@Example.test", password });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ email: "ann@example.test", admin: false, secondFactorAt: null });
    const [session, csrf] = answer.setCookies;
    expect(session).toMatch(/^topdog_session=[\w-]{43}; Path=\/; Max-Age=2592000; SameSite=Lax; HttpOnly$/);
    expect(csrf).toMatch(/^topdog_csrf=[\w-]{43}; Path=\/; Max-Age=2592000; SameSite=Lax$/);
    const token = tokenOf(answer);
    expect(await resolved(token)).toMatchObject({ sessionId: answer.body["id"], operator: false });
    const { rows } = await registry.db.raw<{ rows: unknown[] }>(
      `select row_to_json(session)::text from session union all select row_to_json(email_token)::text from email_token
       union all select row_to_json(password)::text from password union all select row_to_json(audit_log)::text from audit_log
       union all select payload from outbox`,
    );
    for (const secret of [token, password]) expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test("are asked for a password of some length, and for an address", async () => {
    await post("sign-up", someVisitor(), { email: "short@example.test" });
    const token = await mailedToken(folder, "short@example.test");
    expect((await post("password", someVisitor(), { token, password: "too short" })).status).toBe(400);
    expect((await post("sign-up", someVisitor(), { email: "nobody" })).status).toBe(400);
    expect((await post("password", someVisitor(), { token, password })).status).toBe(200);
  });

  test("use a mailed link once and within its hour, and no other link of the same address after it", async () => {
    const email = "links@example.test";
    for (let count = 1; count <= 2; count += 1) await post("sign-up", someVisitor(), { email });
    const [first, second] = [await mailedToken(folder, email, 1), await mailedToken(folder, email, 2)];
    const both = await Promise.all([first, first].map((token) => post("password", someVisitor(), { token, password })));
    expect(both.map(({ status }) => String(status)).toSorted()).toEqual(["200", "400"]);
    expect(codeOfAnswer(await post("password", someVisitor(), { token: second, password }))).toEqual([
      400,
      "invalid_link",
    ]);
    await post("password-reset", someVisitor(), { email });
    const late = await mailedToken(folder, email, 3);
    skewMs = 61 * 60_000;
    expect(codeOfAnswer(await post("password", someVisitor(), { token: late, password }))).toEqual([
      400,
      "invalid_link",
    ]);
    skewMs = 0;
  });

  test("learn nothing about whether an address has an account: not by signing up, resetting or signing in", async () => {
    const [known, unknown] = ["known@example.test", "unknown@example.test"];
    await signUp(known);
    for (const path of ["sign-up", "password-reset"]) {
      const answers = await Promise.all([known, unknown].map((email) => post(path, someVisitor(), { email })));
      expect(answers.map(({ status, body }) => [status, body])).toEqual([
        [202, { email: known }],
        [202, { email: unknown }],
      ]);
    }
    const wrong = await Promise.all(
      [known, unknown].map((email) => post("sign-in", someVisitor(), { email, password: "wrong" })),
    );
    const [first, second] = wrong.map(({ status, body }) => ({ status, ...body, instance: "" }));
    expect(first).toEqual(second);
    // Who owns the address is told, and a stranger is not written to because somebody asked to reset their password.
    await eventually(async () => expect(await mailsTo(folder, known)).toHaveLength(3));
    expect((await mailsTo(folder, known)).map(({ subject }) => subject)).toEqual([
      "Finish signing up to Top Dog",
      "Set a new password for Top Dog",
      "Set a new password for Top Dog",
    ]);
    await eventually(async () => expect(await mailsTo(folder, unknown)).toHaveLength(1));
  });

  test("of whom an operator created the user get in by a reset, which ends every session", async () => {
    const { id } = await createUser(registry.deps, "made@example.test");
    const email = "made@example.test";
    expect((await post("sign-in", someVisitor(), { email, password: "" })).status).toBe(400);
    await post("password-reset", someVisitor(), { email });
    await post("password", someVisitor(), { token: await mailedToken(folder, email), password });
    const { token, as } = await signIn(email);
    expect(as.userId).toBe(id);
    await post("password-reset", someVisitor(), { email });
    await post("password", someVisitor(), { token: await mailedToken(folder, email, 2), password: "another password" });
    expect(await resolved(token)).toBeNull();
    expect((await post("sign-in", someVisitor(), { email, password })).status).toBe(401);
  });

  test("see their sessions, end one, sign out here and everywhere: each is refused at once, and told to the gateways", async () => {
    const email = "list@example.test";
    await signUp(email);
    const heard: string[] = [];
    const stop = onEventBroadcast(registry.nats.bus, sessionRevoked, ({ tokenHash }) => void heard.push(tokenHash));
    await registry.nats.bus.nc.flush();
    const [here, there, third] = [await signIn(email), await signIn(email), await signIn(email)];
    const listed = await registry.call("GET", "/api/auth/sessions", here.as);
    expect(listed.body.items?.map((one) => [one["id"], one["current"]])).toEqual([
      [third.as.sessionId, false],
      [there.as.sessionId, false],
      [here.as.sessionId, true],
    ]);
    const stranger = await signIn("ann@example.test");
    const end = (id: string, as: SessionCaller) => registry.call("DELETE", `/api/auth/sessions/${id}`, as);
    expect((await end(there.as.sessionId, stranger.as)).status).toBe(404);
    expect((await end(there.as.sessionId, here.as)).status).toBe(204);
    expect([await resolved(there.token), (await end(there.as.sessionId, here.as)).status]).toEqual([null, 404]);
    const out = await post("sign-out", here.as);
    expect([out.status, out.setCookies[0]]).toEqual([
      204,
      expect.stringContaining("topdog_session=; Path=/; Max-Age=0"),
    ]);
    expect(await resolved(here.token)).toBeNull();
    expect((await post("sign-out-everywhere", third.as)).status).toBe(204);
    expect(await resolved(third.token)).toBeNull();
    expect(await resolved(stranger.token)).not.toBeNull();
    const hashes = [there, here, third].map(({ token }) => sha256(token));
    await eventually(() => expect(heard).toEqual(expect.arrayContaining(hashes)));
    stop();
  });

  test("prove again who they are: the session has a new token, and the old one is refused", async () => {
    const { token, as } = await signIn("ann@example.test");
    expect(codeOfAnswer(await post("reauthenticate", as, { password: "wrong" }))).toEqual([401, "wrong_credentials"]);
    skewMs = 60_000;
    const proved = await post("reauthenticate", as, { password });
    skewMs = 0;
    expect(await resolved(token)).toBeNull();
    const now = await resolved(tokenOf(proved));
    expect(now?.sessionId).toBe(as.sessionId);
    expect(Date.parse(now?.authenticatedAt ?? "")).toBeGreaterThan(Date.parse(as.authenticatedAt));
  });

  test("find their mails over HTTP on a developer's machine, and nowhere else", async () => {
    await signUp("reader@example.test");
    const path = "/api/dev/mails?to=Reader@example.test";
    const { status, body } = await registry.call("GET", path, null);
    expect([status, body.items?.length]).toEqual([200, 1]);
    expect(body.items?.[0]).toMatchObject({ to: "reader@example.test", link: expect.stringContaining("#token=") });
    const local = { PUBLIC_URL: "http://127.0.0.1:8080", MAIL_DIR: folder };
    expect(devMailRoutes(local)).toHaveLength(1);
    for (const elsewhere of [
      { NODE_ENV: "production" },
      { PUBLIC_URL: "https://topdog.example" },
      { SMTP_URL: "smtp://127.0.0.1" },
      { MAIL_DIR: undefined },
    ])
      expect(devMailRoutes({ ...local, ...elsewhere })).toEqual([]);
  });

  test("choose another password: their other sessions end, this one has a new token, and the old password is refused", async () => {
    const email = "changing@example.test";
    await signUp(email);
    const [here, there] = [await signIn(email), await signIn(email)];
    const stale = { ...here.as, authenticatedAt: new Date(Date.now() - 16 * 60_000).toISOString() };
    const newPassword = "quite another password";
    expect(codeOfAnswer(await post("change-password", stale, { newPassword }))).toEqual([
      403,
      "reauthentication_required",
    ]);
    expect((await post("change-password", here.as, { newPassword: "short" })).status).toBe(400);
    const changed = await post("change-password", here.as, { newPassword });
    expect(changed.status).toBe(200);
    expect([await resolved(here.token), await resolved(there.token)]).toEqual([null, null]);
    expect((await resolved(tokenOf(changed)))?.sessionId).toBe(here.as.sessionId);
    const tried = async (given: string) => (await post("sign-in", someVisitor(), { email, password: given })).status;
    expect([await tried(password), await tried(newPassword)]).toEqual([401, 200]);
    const account = await registry.call("GET", "/api/auth/account", here.as);
    expect(account.body).toMatchObject({
      email,
      admin: false,
      hasAuthenticator: false,
      passwordChangedAt: expect.any(String),
    });
    const { rows } = await registry.db.raw<{ rows: { details: string }[] }>(
      "select details from audit_log where action = 'password.changed' and chain = ?",
      [`user:${here.as.userId}`],
    );
    expect(rows).toEqual([{ details: "{}" }]);
  });

  test("end where nobody is any more: a session lasts two weeks unused, and a month at most", async () => {
    const { token } = await signIn("ann@example.test");
    const days = async (count: number): Promise<boolean> => {
      skewMs = count * 86_400_000;
      return (await resolved(token)) !== null;
    };
    expect([await days(13), await days(26), await days(31)]).toEqual([true, true, false]);
    const unused = ((skewMs = 0), await signIn("ann@example.test"));
    skewMs = 15 * 86_400_000;
    expect(await resolved(unused.token)).toBeNull();
    skewMs = 0;
  });

  test("may guess a few times: then it is the right password that is refused too, from there, and for nobody else", async () => {
    const guesser = someVisitor();
    const guess = (email: string, tried: string, as = guesser) => post("sign-in", as, { email, password: tried });
    // At the same moment, so that none can slip by uncounted.
    const guesses = await Promise.all(Array.from({ length: 14 }, () => guess("ann@example.test", "wrong")));
    expect(guesses.filter(({ status }) => status === 401)).toHaveLength(10);
    const refused = await guess("ann@example.test", password);
    expect(codeOfAnswer(refused)).toEqual([429, "too_many_attempts"]);
    expect((await guess("ann@example.test", password, someVisitor())).status).toBe(200);
    // Also for an account that does not exist, and after a restart: it is counted in the database.
    for (let count = 0; count < 10; count += 1) await guess("ghost@example.test", "wrong");
    expect((await guess("ghost@example.test", "wrong")).status).toBe(429);
    skewMs = 16 * 60_000;
    expect((await guess("ann@example.test", password)).status).toBe(200);
    skewMs = 0;
  });

  test("with an authenticator app show a code, once each; an operator is one only with it", async () => {
    const email = "ops@example.test";
    await signUp(email);
    const first = await signIn(email);
    const { uri } = (await post("totp", first.as)).body as { uri?: string };
    const secret = fromBase32(new URL(uri ?? "").searchParams.get("secret") ?? "");
    const codeNow = (): string => codeOf(secret, Math.floor((Date.now() + skewMs) / 30_000));
    const setUp = await post("totp/confirm", first.as, { code: codeNow() });
    expect(setUp.status).toBe(200);
    const [recovery = ""] = (setUp.body as { recoveryCodes?: string[] }).recoveryCodes ?? [];
    await makeOperator(registry.deps, email, true);
    expect(await resolved(first.token)).toBeNull();

    const ask = (more: object) => post("sign-in", someVisitor(), { email, password, ...more });
    expect(codeOfAnswer(await ask({}))).toEqual([401, "second_factor_required"]);
    expect(codeOfAnswer(await ask({ code: "000000" }))).toEqual([401, "wrong_code"]);
    expect(codeOfAnswer(await ask({ password: "wrong", code: codeNow() }))).toEqual([401, "wrong_credentials"]);
    skewMs = 60_000;
    const code = codeNow();
    const operating = await signIn(email, { code });
    expect(operating.as).toMatchObject({ operator: true });
    const before = skewMs;
    skewMs += 13 * 3_600_000;
    expect(await resolved(operating.token)).toMatchObject({ operator: false });
    skewMs = before;
    expect(codeOfAnswer(await ask({ code }))).toEqual([401, "wrong_code"]);
    expect((await signIn(email, { code: recovery })).as.operator).toBe(true);
    expect(codeOfAnswer(await ask({ code: recovery }))).toEqual([401, "wrong_code"]);
    skewMs = 0;
    const { rows } = await registry.db.raw<{ rows: unknown[] }>("select * from totp, recovery_code");
    for (const told of [secret, recovery]) expect(JSON.stringify(rows)).not.toContain(told);
    await makeOperator(registry.deps, email, false);
  });
});

/** As an authenticator app reads it; hex. */

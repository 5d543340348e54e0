import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { SessionCaller, Visitor } from "@topdog/contracts/account-call";
import { resolveSession } from "@topdog/contracts/rpc/resolve-session";
import { callRpc } from "@topdog/messaging/rpc";
import type { Answer } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { hashKey } from "../src/store/key-material.ts";
import { insertEmailToken } from "../src/store/mail-requests.ts";
import { change } from "../src/usecases/change.ts";
import { mailedToken, mailsTo } from "./read-mail.ts";
import { type Registry, startRegistry } from "./start-registry.ts";

const password = "a password of some length";
const visitor: Visitor = { kind: "visitor", address: "192.0.2.7", userAgent: "a browser" };

describe("a person changes", () => {
  let folder: string;
  let registry: Registry;
  let skewMs = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "topdog-mail-"));
    registry = await startRegistry({ MAIL_DIR: folder }, { nowMs: () => Date.now() + skewMs });
    // A busy machine is slow to open the first connections.
    await eventually(async () => expect((await signInOf(visitor)).status).toBe(401));
  });
  afterAll(async () => {
    await registry.stop();
    await rm(folder, { recursive: true });
  });

  const post = (path: string, as: Visitor | SessionCaller, body: unknown): Promise<Answer> =>
    registry.call("POST", `/api/auth/${path}`, as, body);
  const signInOf = (as: Visitor) => post("sign-in", as, { email: "nobody@example.test", password });
  const outcome = ({ status, body }: Answer): unknown[] => [status, body["code"]];
  const someAddress = (): string => `${randomBytes(6).toString("hex")}@example.test`;
  const tokenOf = ({ setCookies }: Answer): string => /=([\w-]{43});/.exec(setCookies[0] ?? "")?.[1] ?? "";
  const resolved = async (token: string): Promise<SessionCaller | null> => {
    const gateway = await registry.nats.busOf("gateway");
    return (await callRpc(gateway, resolveSession, { tokenHash: hashKey(token) }, { timeoutMs: 30_000 })).session;
  };
  async function signIn(email: string): Promise<{ token: string; as: SessionCaller }> {
    const token = tokenOf(await post("sign-in", visitor, { email, password }));
    const as = await resolved(token);
    if (as === null) throw new Error("nobody signed in");
    return { token, as };
  }
  async function someone(): Promise<{ email: string; token: string; as: SessionCaller }> {
    const email = someAddress();
    const token = randomBytes(32).toString("base64url");
    const expiresAt = new Date(Date.now() + 60_000);
    await change(registry.deps, "everyone", (trx) => insertEmailToken(trx, hashKey(token), email, expiresAt));
    expect((await post("password", visitor, { token, password })).body).toEqual({ email });
    return { email, ...(await signIn(email)) };
  }
  const audited = async (userId: string, action: string): Promise<unknown[]> => {
    const { rows } = await registry.db.raw<{ rows: { details: string }[] }>(
      "select details from audit_log where chain = ? and action = ?",
      [`user:${userId}`, action],
    );
    return rows.map(({ details }) => JSON.parse(details) as unknown);
  };

  test("their address: by a link to the new one, which tells the old one, ends other sessions and opens with the new one alone", async () => {
    const { email, token, as } = await someone();
    const elsewhere = await signIn(email);
    await post("password-reset", visitor, { email });
    const reset = await mailedToken(folder, email);
    const next = someAddress();
    expect(await post("email-change", as, { email: next })).toMatchObject({ status: 202, body: { email: next } });
    const link = await mailedToken(folder, next);
    expect((await registry.call("GET", "/api/auth/account", as)).body["email"]).toBe(email);

    const confirmed = await post("email-change/confirm", as, { token: link });
    expect([confirmed.status, confirmed.body["email"]]).toEqual([200, next]);
    expect(await resolved(tokenOf(confirmed))).toMatchObject({ sessionId: as.sessionId });
    for (const old of [token, elsewhere.token]) expect(await resolved(old)).toBeNull();
    await eventually(async () => expect((await mailsTo(folder, email)).at(-1)?.subject).toMatch(/has changed$/));
    expect(outcome(await post("sign-in", visitor, { email, password }))).toEqual([401, "wrong_credentials"]);
    expect((await signIn(next)).as.userId).toBe(as.userId);
    // What was mailed to the old address opens nothing; the link worked once.
    for (const [path, body] of [
      ["password", { token: reset, password }],
      ["email-change/confirm", { token: link }],
    ] as const)
      expect(outcome(await post(path, path === "password" ? visitor : as, body))).toEqual([400, "invalid_link"]);
    expect(await audited(as.userId, "email.changed")).toEqual([{ before: { email }, after: { email: next } }]);
  });

  test("their address only with a recent proof, by the last link, within its hour, and as the person who asked", async () => {
    const { email, as } = await someone();
    const [stranger, next] = [await someone(), someAddress()];
    const stale = { ...as, authenticatedAt: new Date(Date.now() - 16 * 60_000).toISOString() };
    expect(outcome(await post("email-change", stale, { email: next }))).toEqual([403, "reauthentication_required"]);
    expect(outcome(await post("email-change", as, { email }))).toEqual([409, "conflict"]);
    for (const wrong of ["nobody", "a\u0000@example.test", `${"a".repeat(250)}@example.test`])
      expect((await post("email-change", as, { email: wrong })).status).toBe(400);
    await post("email-change", as, { email: next });
    const first = await mailedToken(folder, next);
    await post("email-change", as, { email: next });
    const last = await mailedToken(folder, next, 2);
    const invalid = [400, "invalid_link"];
    expect(outcome(await post("email-change/confirm", as, { token: first }))).toEqual(invalid);
    // Who reads the mail of a mistyped address gets nothing by its link.
    expect(outcome(await post("email-change/confirm", stranger.as, { token: last }))).toEqual(invalid);
    skewMs = 61 * 60_000;
    const late = { ...as, authenticatedAt: new Date(Date.now() + skewMs).toISOString() };
    expect(outcome(await post("email-change/confirm", late, { token: last }))).toEqual(invalid);
    skewMs = 0;
    expect((await post("email-change/confirm", as, { token: last })).status).toBe(200);
  });

  test("their address to one that somebody has: the same answer and no mail; of two who confirm the same one, one gets it", async () => {
    const [ann, bob, next] = [await someone(), await someone(), someAddress()];
    expect((await post("email-change", ann.as, { email: bob.email })).status).toBe(202);
    // A mail that was asked for later has come: the one before it was not sent.
    for (const [count, { as }] of [ann, bob].entries()) {
      await post("email-change", as, { email: next });
      await mailedToken(folder, next, count + 1);
    }
    expect(await mailsTo(folder, bob.email)).toEqual([]);
    const links = [await mailedToken(folder, next, 1), await mailedToken(folder, next, 2)];
    const answers = await Promise.all(
      [ann, bob].map(({ as }, index) => post("email-change/confirm", as, { token: links[index] })),
    );
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["200", "409"]);
    // Whose was refused is as before: nothing of it is half done.
    const refused = answers[0]?.status === 409 ? ann : bob;
    expect(await resolved(refused.token)).toMatchObject({ userId: refused.as.userId });
  });

  test("their name: one line, which may be taken away, and the log says what it was", async () => {
    const { as } = await someone();
    const rename = (name: unknown) => registry.call("PATCH", "/api/auth/account", as, { name });
    expect((await registry.call("GET", "/api/auth/account", as)).body["name"]).toBeNull();
    expect(await rename("  Ann Ångström ")).toMatchObject({ status: 200, body: { name: "Ann Ångström" } });
    for (const wrong of ["", " ", "a\nb", "a\u0007", "x".repeat(101), 7])
      expect((await rename(wrong)).status).toBe(400);
    expect((await rename(null)).body["name"]).toBeNull();
    expect(await audited(as.userId, "name.changed")).toEqual([
      { before: { name: null }, after: { name: "Ann Ångström" } },
      { before: { name: "Ann Ångström" }, after: { name: null } },
    ]);
    expect(outcome(await registry.call("PATCH", "/api/auth/account", { userId: as.userId }, { name: "x" }))).toEqual([
      403,
      "session_required",
    ]);
  });
});

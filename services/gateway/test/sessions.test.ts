import { hash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { sessionRevoked } from "@topdog/contracts/events/session-revoked";
import { csrfTokenOf } from "@topdog/contracts/session-cookies";
import { publishEvent } from "@topdog/messaging/publish";
import { sessionOf } from "@topdog/testing/account-call";
import { eventually } from "@topdog/testing/eventually";
import { type Answer, type Gateway, type Platform, startPlatform } from "./platform.ts";

describe("a session at the gateway", () => {
  let platform: Platform;
  let gateways: Gateway[];
  beforeAll(async () => {
    platform = await startPlatform();
    gateways = [await platform.startGateway(), await platform.startGateway()];
  });
  afterAll(() => platform.stop());

  const signIn = (): { token: string; tokenHash: string; cookie: string } => {
    const token = randomBytes(32).toString("base64url");
    const tokenHash = hash("sha256", token, "hex");
    platform.sessions.set(tokenHash, sessionOf("usr_1", { sessionId: "ses_1" }));
    return { token, tokenHash, cookie: `theme=dark; topdog_session=${token}; a=b` };
  };
  const ask = (path: string, headers: Record<string, string>, method: "GET" | "POST" = "GET", at = 0) =>
    (gateways[at] as Gateway).call(null, { path, method, headers });
  const codeOf = ({ status, text }: Answer): unknown[] => [status, (JSON.parse(text) as { code?: string }).code];

  test("is the caller of an account request, and its cookie goes no further", async () => {
    const { cookie, token } = signIn();
    const answer = await ask("/api/keys", { cookie });
    expect(answer.status).toBe(200);
    const seen = platform.siblings.seen.at(-1);
    expect(seen?.caller).toMatchObject({ caller: { kind: "session", sessionId: "ses_1", userId: "usr_1" } });
    expect(JSON.stringify(seen?.headers)).not.toContain(token);
  });

  test("calls no model, and is nothing beside an API key, which wins", async () => {
    const { cookie } = signIn();
    expect((await ask("/v1/models", { cookie })).status).toBe(401);
    expect((await ask("/v1/chat/completions", { cookie }, "POST")).status).toBe(401);
    const { key, principal } = platform.newKey();
    await ask("/api/keys", { cookie, authorization: `Bearer ${key}` });
    expect(platform.siblings.seen.at(-1)?.caller?.caller).toEqual({ kind: "key", ...principal });
    expect(codeOf(await ask("/api/keys", { cookie, authorization: "Bearer td_wrong" }))).toEqual([
      401,
      "invalid_api_key",
    ]);
  });

  test("changes something only with its CSRF token, and never for a page elsewhere", async () => {
    const { cookie, token } = signIn();
    const csrf = { cookie, "x-csrf-token": csrfTokenOf(token) };
    const refused: Record<string, string>[] = [
      { cookie },
      { cookie, "x-csrf-token": csrfTokenOf(signIn().token) },
      { ...csrf, origin: "https://evil.example" },
      { ...csrf, origin: "null" },
      { ...csrf, "sec-fetch-site": "cross-site" },
      { ...csrf, origin: "http://localhost:1" },
    ];
    for (const headers of refused)
      expect(codeOf(await ask("/api/keys", headers, "POST"))).toEqual([403, "csrf_refused"]);
    for (const headers of [
      csrf,
      { ...csrf, origin: "http://127.0.0.1:8080" },
      { ...csrf, "sec-fetch-site": "same-origin" },
    ])
      expect((await ask("/api/keys", headers, "POST")).status).toBe(200);
  });

  test("that nobody has, or of a wrong shape, is not signed in", async () => {
    for (const token of [randomBytes(32).toString("base64url"), "short", "", "a".repeat(5_000)])
      expect(codeOf(await ask("/api/keys", { cookie: `topdog_session=${token}` }))).toEqual([401, "not_signed_in"]);
    expect(codeOf(await ask("/api/keys", {}))).toEqual([401, "not_signed_in"]);
    // The secure cookie's name counts for nothing where the site has no TLS.
    expect((await ask("/api/keys", { cookie: `__Host-topdog_session=${signIn().token}` })).status).toBe(401);
  });

  test("is looked up at its address's cost: who tries tokens is soon told to wait, and a session that is known goes on", async () => {
    const gateway = await platform.startGateway({ BAD_KEYS_PER_MINUTE: "3" });
    const { cookie } = signIn();
    const as = (given: string) => gateway.call(null, { path: "/api/keys", method: "GET", headers: { cookie: given } });
    expect((await as(cookie)).status).toBe(200);
    const statuses: number[] = [];
    for (let tried = 0; tried < 5; tried += 1)
      statuses.push((await as(`topdog_session=${randomBytes(32).toString("base64url")}`)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    expect((await as(cookie)).status).toBe(200);
  });

  test("that has ended is refused by every gateway as soon as it hears of it", async () => {
    const { cookie, tokenHash } = signIn();
    for (const at of [0, 1]) expect((await ask("/api/keys", { cookie }, "GET", at)).status).toBe(200);
    const fact = { sessionId: "ses_1", tokenHash, userId: "usr_1", at: new Date().toISOString() };
    // Still answered as live by a lagging org-registry: the broadcast alone must do.
    await publishEvent(await platform.nats.busOf("org-registry"), sessionRevoked, fact, { id: tokenHash });
    for (const at of [0, 1])
      await eventually(async () => expect((await ask("/api/keys", { cookie }, "GET", at)).status).toBe(401));
  });

  test("is asked about again after the bus was away", async () => {
    const { cookie, tokenHash } = signIn();
    expect((await ask("/api/keys", { cookie })).status).toBe(200);
    platform.sessions.delete(tokenHash);
    expect((await ask("/api/keys", { cookie })).status).toBe(200);
    await platform.nats.restart();
    await eventually(async () => expect((await ask("/api/keys", { cookie })).status).toBe(401));
  });
});

describe("somebody who signs in", () => {
  test("is known to the service by their address alone, and gets its cookies; a page elsewhere signs nobody in", async () => {
    const platform = await startPlatform();
    const gateway = await platform.startGateway();
    platform.siblings.script = (res) => {
      res.writeHead(200, { "set-cookie": ["topdog_session=t; HttpOnly", "topdog_csrf=c"], "content-length": 0 });
      res.end();
    };
    const post = (headers: Record<string, string>) => gateway.call(null, { path: "/api/auth/sign-in", headers });
    const answer = await post({ cookie: "topdog_session=old", "user-agent": "Mozilla\u00e9" });
    expect(answer.headers["set-cookie"]).toEqual(["topdog_session=t; HttpOnly", "topdog_csrf=c"]);
    const seen = platform.siblings.seen.at(-1);
    expect(seen?.caller?.caller).toEqual({ kind: "visitor", address: "127.0.0.1", userAgent: "Mozilla?" });
    expect(seen?.headers["cookie"]).toBeUndefined();
    expect((await post({ origin: "https://evil.example" })).status).toBe(403);
    await platform.stop();
  });

  test("gets a cookie that comes alone, too", async () => {
    const platform = await startPlatform();
    const gateway = await platform.startGateway();
    platform.siblings.script = (res) =>
      res.writeHead(200, { "set-cookie": "topdog_oidc=s", "content-length": 0 }).end();
    const answer = await gateway.call(null, { path: "/api/auth/oidc/start" });
    await platform.stop();
    expect([answer.status, answer.headers["set-cookie"]]).toEqual([200, "topdog_oidc=s"]);
  });

  test("by a provider ends what their browser began: its secret goes to the two requests that do so, and to no other", async () => {
    const platform = await startPlatform();
    const gateway = await platform.startGateway();
    const secret = randomBytes(32).toString("base64url");
    const token = randomBytes(32).toString("base64url");
    platform.sessions.set(hash("sha256", token, "hex"), sessionOf("usr_1", { sessionId: "ses_1" }));
    const cookie = `theme=dark; topdog_session=${token}; topdog_oidc=${secret}; topdog_csrf=c`;
    const passedOn = async (path: string, given = cookie, method: "GET" | "POST" = "POST"): Promise<unknown> => {
      const headers = { cookie: given, "x-csrf-token": csrfTokenOf(token) };
      expect((await gateway.call(null, { path, method, headers })).status).toBe(200);
      return platform.siblings.seen.at(-1)?.headers["cookie"];
    };
    for (const path of ["/api/auth/oidc/sign-in", "/api/auth/identities"])
      expect(await passedOn(path)).toBe(`topdog_oidc=${secret}`);
    for (const path of ["/api/auth/oidc/start", "/api/auth/identities/start", "/api/auth/sign-in", "/api/keys"])
      expect([path, await passedOn(path)]).toEqual([path, undefined]);
    expect(await passedOn("/api/auth/identities", cookie, "GET")).toBeUndefined();
    for (const odd of ["", "short", "a".repeat(44), "~".repeat(43)])
      expect(await passedOn("/api/auth/oidc/sign-in", `topdog_oidc=${odd}`)).toBeUndefined();
    await platform.stop();
  });
});

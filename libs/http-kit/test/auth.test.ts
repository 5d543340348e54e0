import { afterEach, describe, expect, test } from "@jest/globals";
import { createKeyPair, publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { createCallerSigner } from "@topdog/caller-token/sign";
import { type AccountCaller, callerTokenHeaderName, type SessionCaller } from "@topdog/contracts/account-call";
import { createExpressApp } from "@topdog/http-kit/app";
import { operatorVerifier, callerVerifier } from "@topdog/http-kit/auth";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { notFound } from "@topdog/http-kit/error-handler";
import { renderProblem } from "@topdog/http-kit/problem";
import { defineRoute, mountRoutes } from "@topdog/http-kit/route";
import type { RouteAuth, SessionRequirement } from "@topdog/http-kit/route-types";
import { z } from "zod";
import { closeServed, recordingLogger, serve } from "./served.ts";

afterEach(closeServed);

const token = "an-operator-token-of-thirty-two-characters";
const routeWith = (auth: RouteAuth, requires: readonly SessionRequirement[] = []) =>
  defineRoute({
    method: "get",
    path: "/secret",
    summary: "What operators may see",
    auth,
    requires,
    responses: { 200: z.object({ seen: z.boolean() }) },
    errors: [],
    handler: async () => ({ status: 200, body: { seen: true } }),
  });

async function operatorServer(operatorToken: string | undefined): Promise<string> {
  const { logger } = recordingLogger();
  const app = createExpressApp({ logger });
  mountRoutes(app, [routeWith("operator")], { verifiers: { operator: operatorVerifier(operatorToken) }, logger });
  app.use(notFound(renderProblem));
  return serve(createHttpServer(app));
}

/** Everything that a stranger can see of an answer, but what differs between any two. */
async function seen(url: string, init: RequestInit = {}): Promise<unknown> {
  const answer = await fetch(url, init);
  const headers = [...answer.headers].filter(([name]) => name !== "date" && name !== "x-request-id");
  const body = (await answer.text()).replace(/req_[0-9a-f]+/, "");
  return { status: answer.status, headers, body };
}

describe("an operator's route", () => {
  test("answers whoever shows the operator's token", async () => {
    const origin = await operatorServer(token);
    const answer = await fetch(`${origin}/secret`, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, await answer.json()]).toEqual([200, { seen: true }]);
    const wrongMethod = await fetch(`${origin}/secret`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  test.each([
    ["no credential", {}],
    ["a wrong token", { authorization: "Bearer an-operator-token-of-thirty-two-charactert" }],
    ["another scheme", { authorization: `Basic ${token}` }],
    ["the token alone", { authorization: token }],
  ])("is for %s exactly as a path that does not exist, whatever the method", async (_name, headers) => {
    const origin = await operatorServer(token);
    for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) {
      const init = { method, headers };
      expect(await seen(`${origin}/secret`, init)).toEqual(await seen(`${origin}/nothing`, init));
    }
    expect(await seen(`${origin}/secret`, { headers })).toMatchObject({ status: 404 });
  });

  test("does not exist where no token is configured, not even for an empty one", async () => {
    const origin = await operatorServer(undefined);
    for (const authorization of ["", "Bearer ", "Bearer undefined"]) {
      expect(await seen(`${origin}/secret`, { headers: { authorization } })).toMatchObject({ status: 404 });
    }
  });
});

test.each(["session", "webhook", "key", "operator", "account"] as const)(
  "a route with auth %s cannot be mounted where that kind has no verifier",
  (auth) => {
    const { logger } = recordingLogger();
    const mount = (): void => mountRoutes(createExpressApp({ logger }), [routeWith(auth)], { verifiers: {}, logger });
    expect(mount).toThrow(`GET /secret needs auth "${auth}", and no verifier for it is configured`);
  },
);

describe("a route that takes a caller", () => {
  const nowMs = Date.parse("2026-11-26T12:00:00Z");
  const keyPair = createKeyPair("of-the-tests");
  const sign = createCallerSigner(signingKeyField.parse(keyPair.signingKey), () => nowMs);
  const anyKey: AccountCaller = {
    kind: "key",
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    role: null,
    scopes: ["account"],
    restrictions: null,
    buckets: { personal: "user:usr_1", org: null },
    byok: { scope: "user", used: 0, capacity: 2 },
  };
  const session: SessionCaller = {
    kind: "session",
    sessionId: "ses_1",
    userId: "usr_1",
    operator: false,
    authenticatedAt: "2026-11-26T11:44:59Z",
    secondFactorAt: null,
  };
  const recent: AccountCaller = { ...session, authenticatedAt: "2026-11-26T11:45:00Z" };
  const operator: AccountCaller = { ...recent, operator: true };
  const people = { nobody: null, "a key": anyKey, "a session": session, "a recent session": recent, operator };

  test.each([
    [
      "key",
      [],
      {
        nobody: "missing_api_key",
        "a session": "api_key_required",
        "a recent session": "api_key_required",
        operator: "api_key_required",
      },
    ],
    ["session", [], { nobody: "not_signed_in", "a key": "session_required" }],
    ["account", [], { nobody: "not_signed_in" }],
    [
      "session",
      ["recent authentication"],
      { nobody: "not_signed_in", "a key": "session_required", "a session": "reauthentication_required" },
    ],
    ["account", ["recent authentication"], { nobody: "not_signed_in", "a session": "reauthentication_required" }],
    [
      "account",
      ["operator"],
      {
        nobody: "not_signed_in",
        "a key": "session_required",
        "a session": "operator_required",
        "a recent session": "operator_required",
      },
    ],
  ] as const)("with auth %s, requiring %j, refuses exactly %j", async (auth, requires, refused) => {
    const { logger } = recordingLogger();
    const app = createExpressApp({ logger });
    const caller = callerVerifier({
      publicKeys: publicKeysField.parse(keyPair.publicKeys),
      audience: "things",
      nowMs: () => nowMs,
    });
    mountRoutes(app, [routeWith(auth, requires)], { verifiers: { caller }, logger });
    const origin = await serve(createHttpServer(app));
    for (const [name, person] of Object.entries(people)) {
      const claims = { method: "GET", path: "/secret", requestId: "req_1" };
      const token = person === null ? "" : await sign("things", { ...claims, caller: person });
      const answer = await fetch(`${origin}/secret`, { headers: { [callerTokenHeaderName]: token } });
      const { code } = (await answer.json()) as { code?: string };
      const expected = (refused as Record<string, string>)[name];
      expect([name, code]).toEqual([name, expected]);
    }
  });
});

test("each mounted kind asks its own verifier: an operator's token does not sign for a sibling", async () => {
  const { logger } = recordingLogger();
  const app = createExpressApp({ logger });
  const caller = callerVerifier({ publicKeys: new Map(), audience: "things", nowMs: Date.now });
  mountRoutes(app, [routeWith("account")], { verifiers: { caller, operator: operatorVerifier(token) }, logger });
  const origin = await serve(createHttpServer(app));
  const answer = await fetch(`${origin}/secret`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(401);
});

import { afterEach, describe, expect, test } from "@jest/globals";
import { createExpressApp } from "@topdog/http-kit/app";
import { operatorVerifier, siblingVerifier } from "@topdog/http-kit/auth";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { notFound } from "@topdog/http-kit/error-handler";
import { renderProblem } from "@topdog/http-kit/problem";
import { defineRoute, mountRoutes } from "@topdog/http-kit/route";
import { z } from "zod";
import { closeServed, recordingLogger, serve } from "./served.ts";

afterEach(closeServed);

const token = "an-operator-token-of-thirty-two-characters";
const routeWith = (auth: "operator" | "session" | "webhook" | "key" | "sibling") =>
  defineRoute({
    method: "get",
    path: "/secret",
    summary: "What operators may see",
    auth,
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

test.each(["session", "webhook", "key", "operator", "sibling"] as const)(
  "a route with auth %s cannot be mounted where that kind has no verifier",
  (auth) => {
    const { logger } = recordingLogger();
    const mount = (): void => mountRoutes(createExpressApp({ logger }), [routeWith(auth)], { verifiers: {}, logger });
    expect(mount).toThrow(`GET /secret needs auth "${auth}", and no verifier for it is configured`);
  },
);

test("each mounted kind asks its own verifier: an operator's token does not sign for a sibling", async () => {
  const { logger } = recordingLogger();
  const app = createExpressApp({ logger });
  const sibling = siblingVerifier({ publicKeys: new Map(), audience: "things", nowMs: Date.now });
  mountRoutes(app, [routeWith("sibling")], { verifiers: { sibling, operator: operatorVerifier(token) }, logger });
  const origin = await serve(createHttpServer(app));
  const answer = await fetch(`${origin}/secret`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(401);
});

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createKeyPair, publicKeysField, signingKeyField } from "@topdog/caller-token/keys";
import { createCallerSigner } from "@topdog/caller-token/sign";
import { callerTokenHeaderName, type AccountCall } from "@topdog/contracts/account-call";
import { AppError } from "@topdog/errors/app-error";
import { createExpressApp } from "@topdog/http-kit/app";
import { operatorVerifier, callerVerifier } from "@topdog/http-kit/auth";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { errorHandler, notFound } from "@topdog/http-kit/error-handler";
import { renderProblem } from "@topdog/http-kit/problem";
import { defineRoute, mountRoutes } from "@topdog/http-kit/route";
import { z } from "zod";
import { closeServed, recordingLogger, serve } from "./served.ts";

const operatorToken = "an operator's token of over thirty-two chars";
const nowMs = 1_763_800_000_000;
const keys = createKeyPair("of-the-tests");
const signingKey = signingKeyField.parse(keys.signingKey);
const signNow = createCallerSigner(signingKey, () => nowMs);
const verifiers = {
  caller: callerVerifier({
    publicKeys: publicKeysField.parse(keys.publicKeys),
    audience: "things",
    nowMs: () => nowMs,
  }),
  operator: operatorVerifier(operatorToken),
};

const call: AccountCall = {
  requestId: "req_of_the_gateway",
  caller: {
    kind: "key",
    keyId: "key_1",
    userId: "usr_1",
    orgId: null,
    role: null,
    scopes: ["llm"],
    restrictions: null,
    buckets: { personal: "user:usr_1", org: null },
    byok: { scope: "user", used: 0, capacity: 2 },
  },
};

const createThing = defineRoute({
  method: "post",
  path: "/api/things/:thingId",
  summary: "Create a thing",
  auth: "account",
  params: z.object({ thingId: z.string().max(10) }),
  query: z.object({ dryRun: z.stringbool().default(false) }),
  body: z.object({ name: z.string().min(1), tags: z.array(z.string()).default([]) }),
  responses: { 201: z.object({ id: z.string(), name: z.string(), by: z.string(), dryRun: z.boolean() }) },
  errors: ["conflict"],
  handler: async ({ params, query, body, caller }) => {
    if (body.name === "taken")
      throw new AppError("conflict", { detail: "The name is taken.", extensions: { name: "taken" } });
    return {
      status: 201,
      body: { id: params.thingId, name: body.name, by: caller.userId, dryRun: query.dryRun },
    };
  },
});

const deleteThing = defineRoute({
  method: "delete",
  path: "/api/things/:thingId",
  summary: "Delete a thing",
  auth: "none",
  params: z.object({ thingId: z.string() }),
  responses: { 204: z.undefined() },
  errors: [],
  handler: async () => ({ status: 204, body: undefined }),
});

const failing = defineRoute({
  method: "get",
  path: "/api/failing",
  summary: "Fail",
  auth: "none",
  responses: { 200: z.object({}) },
  errors: [],
  handler: async () => {
    throw new Error("connect ECONNREFUSED 10.0.0.7 with sk-0123456789abcdef");
  },
});

const leaking = defineRoute({
  method: "get",
  path: "/api/leaking",
  summary: "Answer more than declared",
  auth: "none",
  responses: { 200: z.object({ id: z.string() }) },
  errors: [],
  handler: async () => ({ status: 200, body: { id: "a", keyHash: "secret" } as { id: string } }),
});

let origin = "";
let lines: Record<string, unknown>[] = [];
beforeEach(async () => {
  const recording = recordingLogger();
  lines = recording.lines;
  const { logger } = recording;
  const app = createExpressApp({ logger });
  mountRoutes(app, [createThing, deleteThing, failing, leaking], { verifiers, logger });
  app.use(notFound(renderProblem), errorHandler({ render: renderProblem, logger }));
  origin = await serve(createHttpServer(app));
});
afterEach(closeServed);

/** The header of the gateway's own call of `POST /api/things/t1`, or of one that differs from it. */
const signed = async ({ query = "", method = "POST", audience = "things", sign = signNow } = {}) => ({
  [callerTokenHeaderName]: await sign(audience, { ...call, method, path: `/api/things/t1${query}` }),
});
const json = { "content-type": "application/json" };
async function create(body: string, headers?: Record<string, string>, query = "") {
  const sent = headers ?? { ...(await signed({ query })), ...json };
  return fetch(`${origin}/api/things/t1${query}`, { method: "POST", body, headers: sent });
}
const problem = async (answer: Response) => (await answer.json()) as Record<string, unknown>;

describe("a route", () => {
  test("gives its handler parsed input and the verified caller, and one request id through all services", async () => {
    const answer = await create('{"name":"n"}', undefined, "?dryRun=true");
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ id: "t1", name: "n", by: "usr_1", dryRun: true });
    expect(answer.headers.get("x-request-id")).toBe("req_of_the_gateway");
    expect(answer.headers.get("x-powered-by")).toBeNull();
    expect(answer.headers.get("etag")).toBeNull();
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(lines.at(-1)).toMatchObject({
      msg: "request",
      status: 201,
      requestId: "req_of_the_gateway",
      userId: "usr_1",
    });
  });

  test("answers 204 without a body", async () => {
    const answer = await fetch(`${origin}/api/things/t1`, { method: "DELETE" });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
  });

  test.each([
    ["an unknown key in the body", '{"name":"n","admin":true}', ""],
    ["an unknown key in the query", '{"name":"n"}', "?admin=1"],
    ["a wrong type", '{"name":7}', ""],
    ["an array for an object", "[]", ""],
  ])("refuses %s with 400 and says where", async (_name, body, query) => {
    const answer = await create(body, undefined, query);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const told = await problem(answer);
    expect(told).toMatchObject({ code: "invalid_request", type: "/docs/errors#invalid_request", status: 400 });
    expect(told["errors"]).toHaveLength(1);
    expect(told["instance"]).toBe(answer.headers.get("x-request-id"));
  });

  test("refuses bad JSON, a body of another type, and one over the bound, each by its code", async () => {
    const codes = await Promise.all([
      create("{").then(problem),
      create("name=n", await signed()).then(problem),
      create(JSON.stringify({ name: "n".repeat(70_000) })).then(problem),
    ]);
    expect(codes.map(({ code }) => code)).toEqual(["malformed_json", "invalid_request", "payload_too_large"]);
  });

  test("refuses a caller whose token is absent, forged, late, or for another service, method or path", async () => {
    const stranger = signingKeyField.parse(createKeyPair("of-the-tests").signingKey);
    const headers = [
      {},
      { [callerTokenHeaderName]: "nonsense" },
      await signed({ sign: createCallerSigner(stranger, () => nowMs) }),
      await signed({ sign: createCallerSigner(signingKey, () => nowMs - 60_000) }),
      await signed({ audience: "quota" }),
      await signed({ method: "DELETE" }),
      await signed({ query: "?dryRun=true" }),
    ];
    for (const header of headers) {
      const answer = await create('{"name":"n"}', { ...json, ...header });
      expect([answer.status, (await problem(answer))["code"]]).toEqual([401, "not_signed_in"]);
    }
  });

  test("answers a fault with its detail and extensions, and does not log it as an error", async () => {
    const answer = await create('{"name":"taken"}');
    expect(answer.status).toBe(409);
    expect(await problem(answer)).toMatchObject({ code: "conflict", detail: "The name is taken.", name: "taken" });
    expect(lines.filter(({ level }) => level === "error")).toHaveLength(0);
  });

  test("masks an unknown error, and logs it once with its cause but without its secrets", async () => {
    const answer = await fetch(`${origin}/api/failing`);
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: "internal_error", nextStep: expect.any(String) as unknown });
    expect(text).not.toMatch(/ECONNREFUSED|10\.0\.0\.7|sk-/);
    const logged = lines.filter(({ level }) => level === "error");
    expect(logged).toHaveLength(1);
    expect(JSON.stringify(logged)).toContain("ECONNREFUSED 10.0.0.7");
    expect(JSON.stringify(logged)).not.toContain("0123456789abcdef");
  });

  test("fails in a test when it answers what it did not declare", async () => {
    expect((await fetch(`${origin}/api/leaking`)).status).toBe(500);
  });

  test("a path with another method answers 405 with Allow; no path answers 404; a path that does not decode answers 400", async () => {
    const wrongMethod = await fetch(`${origin}/api/things/t1`);
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "POST, DELETE"]);
    const readOnly = await fetch(`${origin}/api/failing`, { method: "PUT" });
    expect([readOnly.status, readOnly.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const nowhere = await fetch(`${origin}/api/nowhere`);
    expect([nowhere.status, (await problem(nowhere))["code"]]).toEqual([404, "not_found"]);
    expect((await fetch(`${origin}/api/things/%ff`, { method: "DELETE" })).status).toBe(400);
  });
});

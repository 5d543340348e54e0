import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { seed } from "@topdog/testing/seed";
import { type ApiAnswer, type ApiSetting, startApiSetting } from "../support/openapi/api-setting.ts";
import { operationsOf, readOpenApi } from "../support/openapi/document.ts";
import { foreignCases, inputsOf, ownRequest, wrongRequest } from "../support/openapi/foreign-ids.ts";
import { fuzzRequest } from "../support/openapi/fuzz-requests.ts";
import { createJudge } from "../support/openapi/judge-answer.ts";

const document = readOpenApi();
const operations = operationsOf(document);
/** All operations together take so long at most; a night's run asks each of them more often. */
const fuzzMs = Number(process.env["FUZZ_MS"] ?? 15_000);
const requestsPerOperation = Math.ceil(fuzzMs / 300);
const perOperationMs = Math.floor(fuzzMs / operations.length);

let setting: ApiSetting;
beforeAll(async () => {
  setting = await startApiSetting();
}, 180_000);
afterAll(() => setting.stop());

describe("what belongs to somebody else", () => {
  const account = operations.filter(({ path }) => !path.startsWith("/v1/"));
  const cases = account.flatMap((operation) =>
    (["user", "org owner", "org member"] as const).flatMap((caller) =>
      foreignCases(document, operation, caller).map((one) => [caller, one.what, one] as const),
    ),
  );

  /** Of a passkey: random, in each answer another. */
  const challenge = /"challenge":"[\w-]{43}"/;
  /** All that a caller sees, except what differs from request to request. */
  const seen = ({ status, headers, text }: ApiAnswer) => {
    const { date: _, "x-request-id": requestId, ...rest } = headers;
    return {
      status,
      headers: rest,
      text: text.replaceAll(String(requestId), "<request id>").replace(challenge, '"<challenge>"'),
    };
  };

  test.each(account.map((operation) => [operation.method, operation.path, operation] as const))(
    "%s %s gives a revoked key what an unknown one gets, and an ended session what none gets, to the byte",
    async (_method, _path, operation) => {
      for (const [ended, unknown] of [
        ["revoked key", "unknown key"],
        ["ended session", "unknown session"],
      ] as const) {
        const answer = seen(await setting.send(ownRequest(document, operation, ended)));
        expect(answer).toEqual(seen(await setting.send(ownRequest(document, operation, unknown))));
        if (operation.needsCaller) expect(answer.status).toBe(401);
      }
    },
  );

  test.each(cases)("for a %s is as if it did not exist, to the byte: %s", async (_caller, _what, one) => {
    const foreign = seen(await setting.send(one.foreign));
    expect(foreign).toEqual(seen(await setting.send(one.missing)));
    expect(foreign.status).toBeLessThan(500);
  });
});

describe("an input that is wrong", () => {
  /** None of them fits any input: neither a text with control characters, longer than any may be, nor an object. */
  const wrongTexts = ["\u0007".repeat(4_500), "\u0000"];
  const wrongIn = { path: [], query: wrongTexts, body: [{ "\u0000": 1 }, wrongTexts[0]] };
  const account = operations.filter(({ path }) => !path.startsWith("/v1/"));
  const inputs = account.flatMap((operation) =>
    inputsOf(document, operation)
      .filter(({ place }) => place !== "path")
      .map(
        (input) => [`${operation.method} ${operation.path}`, input.place, input.name, { operation, input }] as const,
      ),
  );

  test.each(inputs)("%s names its %s input %s when it is wrong", async (_what, _place, name, { operation, input }) => {
    for (const value of wrongIn[input.place]) {
      const answer = await setting.send(wrongRequest(document, operation, input, value));
      const problem = JSON.parse(answer.text) as { code?: string; errors?: { path: string }[] };
      // Who may not ask at all hears nothing of their input.
      if (problem.code === "operator_required") continue;
      const named = (problem.errors ?? []).map(({ path }) => path.split(/[.[]/, 1)[0]);
      expect([answer.status, problem.code, named]).toEqual([400, "invalid_request", expect.arrayContaining([name])]);
    }
  });
});

describe(`the API under odd requests (replay with SEED=${seed})`, () => {
  const judge = createJudge(document);

  test.each(operations.map((operation) => [operation.method, operation.path, operation] as const))(
    "%s %s answers as it is documented, whoever asks and whatever is sent",
    async (_method, path, operation) => {
      const untilMs = performance.now() + perOperationMs;
      let asked = 0;
      const answersAsDocumented = fc.asyncProperty(fuzzRequest(document, operation), async (one) => {
        // On a busy machine an operation is asked less often, and never not at all.
        if (asked > 0 && performance.now() > untilMs) return;
        asked += 1;
        const answer = await setting.send(one);
        expect({ wrong: judge(path, one.method, answer), answer }).toMatchObject({ wrong: [] });
      });
      await fc.assert(answersAsDocumented, { seed, numRuns: requestsPerOperation });
    },
    60_000,
  );

  test("a target as long as the gateway takes is answered by the service behind it", async () => {
    for (const length of [8_000, 11_000, 15_000]) {
      const target = `/api/keys?unknown=${"x".repeat(length)}`;
      const request = { caller: "user", method: "GET", target, contentType: null, body: null } as const;
      expect(await setting.send(request)).toMatchObject({
        status: 400,
        headers: { "content-type": "application/problem+json" },
      });
    }
  });
});

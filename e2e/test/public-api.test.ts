import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { type ApiAnswer, type ApiSetting, startApiSetting } from "../support/openapi/api-setting.ts";
import { operationsOf, readOpenApi } from "../support/openapi/document.ts";
import { foreignCases, ownRequest } from "../support/openapi/foreign-ids.ts";
import { fuzzRequest } from "../support/openapi/fuzz-requests.ts";
import { createJudge } from "../support/openapi/judge-answer.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const document = readOpenApi();
const operations = operationsOf(document);
const requestsPerOperation = 80;
/** All operations together stay within half a minute. */
const perOperationMs = Math.floor(25_000 / operations.length);

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

describe(`the API under odd requests (replay with SEED=${seed})`, () => {
  const judge = createJudge(document);

  test.each(operations.map((operation) => [operation.method, operation.path, operation] as const))(
    "%s %s answers as it is documented, whoever asks and whatever is sent",
    async (_method, path, operation) => {
      const answersAsDocumented = fc.asyncProperty(fuzzRequest(document, operation), async (one) => {
        const answer = await setting.send(one);
        expect({ wrong: judge(path, one.method, answer), answer }).toMatchObject({ wrong: [] });
      });
      await fc.assert(answersAsDocumented, {
        seed,
        numRuns: requestsPerOperation,
        interruptAfterTimeLimit: perOperationMs,
        markInterruptAsFailure: false,
      });
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

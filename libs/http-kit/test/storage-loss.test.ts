import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { createExpressApp } from "@topdog/http-kit/app";
import { createHttpServer } from "@topdog/http-kit/create-server";
import { defineRoute, mountRoutes } from "@topdog/http-kit/route";
import { createDatabase, type Database } from "@topdog/postgres/pool";
import { emptyDatabase, type TestDatabase } from "@topdog/testing/postgres";
import { z } from "zod";
import { closeServed, recordingLogger, serve } from "./served.ts";

let scratch: TestDatabase;
let nobody: Database;
beforeAll(async () => {
  scratch = await emptyDatabase();
  nobody = createDatabase({ url: "postgres://nobody:x@127.0.0.1:9/none", applicationName: "storage-loss-test" });
});
afterAll(async () => {
  await nobody.destroy();
  await scratch.drop();
});
afterEach(closeServed);

const raising = (state: string): string => `do $$ begin raise exception using errcode = '${state}'; end $$`;

const away: readonly (readonly [string, () => Promise<unknown>])[] = [
  ["nobody listens", async () => nobody.raw("select 1")],
  ["the connection is ended", async () => scratch.db.raw("select pg_terminate_backend(pg_backend_pid())")],
  ["the server is told to stop", async () => scratch.db.raw(raising("57P01"))],
  ["the server starts or recovers", async () => scratch.db.raw(raising("57P03"))],
  ["it has no connection left", async () => scratch.db.raw(raising("53300"))],
];

async function answerOf(ask: () => Promise<unknown>) {
  const { logger, lines } = recordingLogger();
  const app = createExpressApp({ logger });
  const route = defineRoute({
    method: "get",
    path: "/api/things",
    summary: "List things",
    auth: "none",
    responses: { 200: z.object({}) },
    errors: [],
    handler: async () => {
      await ask();
      return { status: 200, body: {} };
    },
  });
  mountRoutes(app, [route], { verifiers: {}, logger });
  const answer = await fetch(`${await serve(createHttpServer(app))}/api/things`);
  const errors = lines.filter(({ level }) => level === "error").length;
  return { answer, code: ((await answer.json()) as { code?: string }).code, errors };
}

test.each(away)("a request to a service whose database is away may be sent again: %s", async (_, ask) => {
  const { answer, code, errors } = await answerOf(ask);
  expect([answer.status, code, answer.headers.get("retry-after"), errors]).toEqual([
    503,
    "storage_unavailable",
    "1",
    1,
  ]);
});

test("a statement that the database refuses is a fault of ours", async () => {
  const { answer, code } = await answerOf(async () => scratch.db.raw("select 1 / 0"));
  expect([answer.status, code, answer.headers.get("retry-after")]).toEqual([500, "internal_error", null]);
});

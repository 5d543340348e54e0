import { createServer } from "node:http";
import { afterEach, expect, test } from "@jest/globals";
import { requestId, requestIdOf } from "@topdog/http-kit/request-id";
import { closeServed, serve } from "./served.ts";

afterEach(closeServed);

async function ask(trusted: boolean, incoming?: string) {
  const middleware = requestId({ trusted });
  const server = createServer((req, res) => middleware(req, res, () => res.end(requestIdOf(req))));
  const answer = await fetch(await serve(server), {
    headers: incoming === undefined ? {} : { "x-request-id": incoming },
  });
  const body = await answer.text();
  expect(answer.headers.get("x-request-id")).toBe(body);
  return body;
}

test("a stranger's id is never taken over", async () => {
  expect(await ask(false, "mine")).toMatch(/^req_[0-9a-f]{24}$/);
});

test("a sibling's id is taken over when it is well formed", async () => {
  expect(await ask(true, "req_of-the_gateway")).toBe("req_of-the_gateway");
  expect(await ask(true, "two words")).toMatch(/^req_/);
  expect(await ask(true, "a".repeat(129))).toMatch(/^req_/);
  expect(await ask(true)).toMatch(/^req_/);
});

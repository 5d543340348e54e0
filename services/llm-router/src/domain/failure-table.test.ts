import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { renderFailureDocument } from "./failure-document.ts";
import { classifyStatus, failureKinds, ruleOf } from "./failure-table.ts";

test("docs/failures.md is the table", async () => {
  const page = await readFile(new URL("../../../../docs/failures.md", import.meta.url), "utf8");
  expect(page).toBe(renderFailureDocument());
});

test.each([
  [200, "answer"],
  [307, "redirect"],
  [400, "callers_fault"],
  [401, "credential"],
  [402, "out_of_credit"],
  [403, "forbidden"],
  [404, "model_missing"],
  [408, "timeout"],
  [413, "callers_fault"],
  [422, "callers_fault"],
  [429, "rate_limited"],
  [500, "server_error"],
  [503, "overloaded"],
  [504, "server_error"],
  [529, "overloaded"],
])("status %i of an upstream means %s", (status, meaning) => {
  expect(classifyStatus(status)).toBe(meaning);
});

test("what rests a credential never counts against its provider, so that one tenant's account harms no other", () => {
  const resting = failureKinds.map(ruleOf).filter(({ rests }) => rests !== null);
  expect(resting.map(({ breaker, next }) => [breaker, next])).toEqual(resting.map(() => ["alive", "credential"]));
});

test("a caller that leaves, or whose time is over, says nothing about anybody and asks nobody else", () => {
  for (const kind of ["aborted", "deadline"] as const) {
    expect(ruleOf(kind)).toMatchObject({ breaker: "neutral", rests: null, next: "end" });
  }
});
